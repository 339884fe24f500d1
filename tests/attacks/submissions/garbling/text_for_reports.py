# Raises texts that would act in a terminal, on a page, in a table or in a spreadsheet.
# text: reports
import os

TEXTS = [
    "\x1b[2J\x1b]0;owned\x07\x1b[31m", "\x9b31m\x9d0;owned\x9c", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "=HYPERLINK('http://example.org')", "@SUM(1+1)|cmd", "[bold red]rich[/] [link=http://x]y[/link]", "\r\noverwritten",
    "](javascript:alert(1)) ![x](http://x)", "\u202egnp.exe", "| a | b |\n|---|---|\n# heading", "```\n</details>", "\u2028x\u2029", "{{7*7}} ${7*7}",
]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    raise ValueError(TEXTS[len(calls) % len(TEXTS)])


for name in FEW:
    globals()[name] = stub
answers_1b = {f"<script>alert({number})</script>\x1b[31m": "=1+1" for number in range(3)}
answers_4b = {"vanishing": "<script>\x1b[31m=1+1", "clipping": "=1+1"}
raise ValueError(" ".join(TEXTS))
