"""Where the formulas are printed."""

from sgdsym.references import cited

PAPER = cited("Tenka2020")
CODE = f"{PAPER}, companion code"
FACTORS = cited("Jastrzebski2017")
POWER_LAW = cited("Mori2022")
STRENGTH = cited("Ziyin2022")
FINITE_RATE = cited("Liu2021")
INFERENCE = cited("Chaudhari2018")
ESSAY = cited("Golmant2018")
RELATIONS = cited("Yaida2019")
BAYES = cited("Mandt2017")
STABILITY = cited("Mulayoff2024")
AKAIKE = cited("Akaike1973")
TAKEUCHI = cited("Takeuchi1976")
FLATTER = cited("Wei2019")
ADAM = cited("Cattaneo2024")
EQUATIONS = cited("Li2017")
BAYESIAN_VIEW = cited("Smith2018")
CATAPULT = cited("Lewkowycz2020")
SPHERE = cited("Wan2021")
REGULARIZATION = cited("Barrett2021")
ORIGIN = cited("Smith2021")
HEAVY_BALL = cited("Ghosh2023")
MOMENTUM_METHODS = cited("Kovachki2021")
EPOCH_NOISE = cited("Kuhn2023")
