/** The one style sheet of the pages, allowed by its hash. Colours have a contrast of at least 4.5 to 1. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #f3f4f7; --card: #fff; --foot: #fafbfc; --edge: #e3e5eb; --text: #191c24;
  --soft: #565c6b; --shade: 0 1px 2px #1018280a, 0 12px 32px -8px #1018281f;
  --good: #14784a; --good-tint: #e1f4ea; --calm: #8a5a00; --calm-tint: #fbf0d9;
  --bad: #b3261e; --bad-tint: #fce8e6; --plain: #4a5468; --plain-tint: #e9ecf2 }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0f1116; --card: #181b22; --foot: #14171d; --edge: #2a2e39; --text: #eceef3; --soft: #a3a9b8;
    --shade: 0 1px 2px #0006, 0 16px 40px -8px #0009;
    --good: #5fd39a; --good-tint: #173527; --calm: #f0c15c; --calm-tint: #3a2f16;
    --bad: #ff9a8f; --bad-tint: #42201d; --plain: #b4bccd; --plain-tint: #2a2f3b } }
* { box-sizing: border-box; margin: 0 }
body { min-height: 100vh; min-height: 100dvh; display: grid; grid-template-rows: 1fr auto 1fr; gap: 24px;
  justify-items: center; padding: 24px 16px; background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main { grid-row: 2; width: 100%; max-width: 416px; background: var(--card); border: 1px solid var(--edge);
  border-radius: 16px; box-shadow: var(--shade); text-align: center; overflow: hidden }
article { padding: 40px 32px 36px }
.sign { display: block; width: 64px; height: 64px; margin: 0 auto 20px; padding: 14px; border-radius: 50%;
  color: var(--tone); background: var(--tint) }
.good { --tone: var(--good); --tint: var(--good-tint) }
.calm { --tone: var(--calm); --tint: var(--calm-tint) }
.bad { --tone: var(--bad); --tint: var(--bad-tint) }
.plain { --tone: var(--plain); --tint: var(--plain-tint) }
svg { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
h1 { font-size: 22px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin-bottom: 8px;
  text-wrap: balance }
article p { color: var(--soft); text-wrap: balance }
.next { display: flex; align-items: center; justify-content: center; gap: 10px; padding: 18px 24px;
  border-top: 1px solid var(--edge); background: var(--foot); font-weight: 600 }
.next svg { width: 22px; height: 22px; color: var(--soft) }
header { align-self: end; display: flex; align-items: center; gap: 8px; color: var(--soft); font-size: 15px }
header svg { width: 18px; height: 18px }
`;
