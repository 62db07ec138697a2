import { registerHooks } from 'node:module';

// Preloaded: tells each module of OpenTelemetry's SDK that the program loads. Its API, which does nothing, comes with prom-client.
registerHooks({
  load(url, context, next) {
    if (url.includes('/@opentelemetry/') && !url.includes('/@opentelemetry/api/'))
      console.log(`loaded ${url.slice(url.indexOf('/@opentelemetry/') + 1)}`);
    return next(url, context);
  },
});
