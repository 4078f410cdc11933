"""Where the formulas are printed."""

PAPER = 'S. C. Tenka, "SGD at Small Learning Rates"'
CODE = f"{PAPER}, companion code"
