import { type Fault, HoldpointError } from './errors.ts';

interface Payload {
  success: boolean;
  message: string;
  errors: readonly Fault[];
}

/** The payload of a mutation that did what it was asked for. Throws what it refused. */
export function accepted<P extends Payload>(payload: P): P {
  if (payload.success) return payload;
  const [first] = payload.errors;
  throw new HoldpointError(first?.code ?? 'INVALID_STATE', first?.message ?? payload.message, payload.errors);
}
