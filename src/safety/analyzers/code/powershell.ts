import { type Danger, type Verdict, verdicts } from './danger.ts';

// PowerShell is read a line at a time, by the names of its commands: enough for what wipes, downloads and disarms.

const RULES: readonly (readonly [Verdict, RegExp])[] = [
  [
    verdicts.wipesSystem,
    /\b(?:Remove-Item|ri|rm|del|rd|rmdir)\b(?=[^\n]{0,300}-(?:Recurse|r)\b)[^\n]{0,300}?\s["']?(?:[A-Za-z]:\\?(?:\*|Windows\S*|Users)?|\\|~|\$env:(?:SystemRoot|SystemDrive|USERPROFILE|windir)\\?\*?)["']?(?=\s|$)/i,
  ],
  [verdicts.wipesSystem, /\b(?:Format-Volume|Clear-Disk|Initialize-Disk)\b/i],
  [
    verdicts.runsDownload,
    /\b(?:iex|Invoke-Expression)\b[^\n]{0,300}\b(?:DownloadString|iwr|irm|Invoke-WebRequest|Invoke-RestMethod|curl|wget)\b|\b(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod|DownloadString)\b[^\n]{0,300}\|\s*(?:iex|Invoke-Expression)\b/i,
  ],
  [
    verdicts.hiddenCommand,
    /\b(?:powershell|pwsh)(?:\.exe)?\b[^\n]{0,200}\s-e(?:nc|ncodedcommand)?\s+[A-Za-z0-9+/=]{20,}/i,
  ],
  [
    verdicts.disablesProtection,
    /\bSet-MpPreference\b[^\n]{0,200}-Disable\w+\s+(?:\$true|1)|\bSet-NetFirewallProfile\b[^\n]{0,200}-Enabled\s+(?:\$?false|0)/i,
  ],
  [verdicts.evaluates, /\b(?:iex|Invoke-Expression)\s+["'(]?\$/i],
];

export function powershellDangers(source: string): Danger[] {
  const dangers: Danger[] = [];
  let start = 0;
  for (const line of source.split('\n')) {
    for (const [verdict, pattern] of RULES) {
      const found = line.length < 5000 ? pattern.exec(line) : null;
      if (found)
        dangers.push({ ...verdict, start: start + found.index, end: start + found.index + found[0].length });
    }
    start += line.length + 1;
  }
  return dangers;
}
