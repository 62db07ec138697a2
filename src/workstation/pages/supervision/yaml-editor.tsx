// The editor itself: loaded on this page alone. Its styles go into an element with the page's nonce, which is what the
// policy lets a script add.
import { autocompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorSelection, EditorState, type StateCommand, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type Ref, useEffect, useEffectEvent, useImperativeHandle, useRef } from 'react';
import { completeSetting } from './completion.ts';
import { indentAfter } from './yaml-indent.ts';

export interface Finding {
  line: number;
  column: number;
  message: string;
  severity: 'error' | 'warning';
}

export interface EditorHandle {
  goTo(line: number, column: number): void;
}

const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: '0.9rem' },
  '&.cm-focused': { outline: '3px solid var(--accent)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5', minHeight: '14rem', maxHeight: '65vh' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': {
    color: 'var(--faint)',
    backgroundColor: 'var(--ground)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine': { backgroundColor: 'var(--ground)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--chosen)',
  },
  '.cm-tooltip': { color: 'var(--text)', backgroundColor: 'var(--surface)', border: '1px solid var(--edge)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { color: 'var(--text)', backgroundColor: 'var(--chosen)' },
  '.cm-completionDetail': { color: 'var(--faint)', fontStyle: 'normal' },
  '.cm-completionInfo': { maxWidth: '20rem' },
  '.cm-specialChar': { color: 'var(--bad)', backgroundColor: 'var(--bad-ground)' },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.comment, tags.meta], color: 'var(--faint)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--warn)' },
]);

const nonce = (): string => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

export default function YamlEditor({
  label,
  text,
  readOnly,
  findings,
  onChange,
  onSave,
  ref,
}: {
  label: string;
  text: string;
  readOnly: boolean;
  findings: readonly Finding[];
  onChange: (text: string) => void;
  onSave: () => void;
  ref: Ref<EditorHandle>;
}) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useEffectEvent(onChange);
  const save = useEffectEvent(onSave);
  const begin = useEffectEvent(() => text);

  useEffect(() => {
    const made = new EditorView({
      parent: place.current as HTMLElement,
      state: EditorState.create({
        doc: begin(),
        extensions: [
          EditorView.cspNonce.of(nonce()),
          lineNumbers(),
          // Who reads a configuration must see what would not be seen, and what turns the order of a line.
          highlightSpecialChars(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          yaml(),
          syntaxHighlighting(colours),
          lintGutter(),
          theme,
          typedOver,
          EditorView.contentAttributes.of({
            'aria-label': label,
            'aria-readonly': String(readOnly),
            // Gone to and scrolled by keys in any case, also where it is only read.
            tabindex: '0',
          }),
          EditorState.readOnly.of(readOnly),
          ...(readOnly ? [] : [autocompletion({ override: [completeSetting] })]),
          keymap.of([
            { key: 'Mod-s', preventDefault: true, run: () => (save(), true) },
            ...completionKeymap,
            { key: 'Enter', run: newline },
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
          ]),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) changed(state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [label, readOnly]);

  useEffect(() => {
    const made = view.current;
    if (made && made.state.doc.toString() !== text)
      made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const made = view.current;
    if (!made) return;
    const diagnostics = findings.map((finding) => diagnosticOf(made.state.doc, finding));
    made.dispatch(setDiagnostics(made.state, diagnostics));
  }, [findings]);

  useImperativeHandle(ref, () => ({
    goTo(line, column) {
      const made = view.current;
      if (!made) return;
      const at = offsetOf(made.state.doc, line, column);
      made.dispatch({ selection: { anchor: at }, scrollIntoView: true });
      made.focus();
    },
  }));

  return <div ref={place} className="yaml-editor" />;
}

/**
 * What is typed over a selection is put in here: a browser that does it by itself keeps the colours of what it replaces, in a
 * style of its own making, which the page's policy refuses and complains of.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    if (event.inputType !== 'insertText' || event.data === null || view.composing) return false;
    if (state.readOnly || state.selection.main.empty) return false;
    view.dispatch(state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

/** A new line, as far in as what it goes on with. */
const newline: StateCommand = ({ state, dispatch }) => {
  if (state.readOnly) return false;
  const change = state.changeByRange(({ from, to }) => {
    const line = state.doc.lineAt(from);
    const rest = state.doc.lineAt(to);
    // What is blank behind the cursor does not go along.
    const blank = /^ */.exec(rest.text.slice(to - rest.from))?.[0].length ?? 0;
    const insert = `\n${' '.repeat(indentAfter(line.text.slice(0, from - line.from)))}`;
    const at = from + insert.length;
    return { changes: { from, to: to + blank, insert }, range: EditorSelection.cursor(at) };
  });
  dispatch(state.update(change, { scrollIntoView: true, userEvent: 'input' }));
  return true;
};

/** Where the server's place is in a text that may have changed since. */
function offsetOf(doc: Text, line: number, column: number): number {
  const { from, length } = doc.line(Math.min(Math.max(1, line), doc.lines));
  return from + Math.min(Math.max(0, column - 1), length);
}

function diagnosticOf(doc: Text, { line, column, message, severity }: Finding): Diagnostic {
  const from = offsetOf(doc, line, column);
  return { from, to: Math.max(from, doc.lineAt(from).to), severity, message };
}
