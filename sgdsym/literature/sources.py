"""Where the formulas are printed."""

PAPER = 'S. C. Tenka, "SGD at Small Learning Rates"'
CODE = f"{PAPER}, companion code"
FACTORS = 'S. Jastrzębski et al., "Three Factors Influencing Minima in SGD"'
POWER_LAW = 'T. Mori, L. Ziyin, K. Liu and M. Ueda, "Power-law escape rate of SGD"'
STRENGTH = 'L. Ziyin, K. Liu, T. Mori and M. Ueda, "Strength of Minibatch Noise in SGD"'
FINITE_RATE = 'K. Liu, L. Ziyin and M. Ueda, "Noise and Fluctuation of Finite Learning Rate SGD"'
INFERENCE = 'P. Chaudhari and S. Soatto, "SGD performs variational inference, converges to limit cycles"'
ESSAY = "N. Golmant, essay on the lemma of Chaudhari and Soatto"
RELATIONS = 'S. Yaida, "Fluctuation-dissipation relations for SGD"'
BAYES = 'S. Mandt, M. Hoffman and D. Blei, "SGD as Approximate Bayesian Inference"'
STABILITY = 'R. Mulayoff and T. Michaeli, "Exact mean square linear stability of SGD"'
ADAM = 'M. D. Cattaneo, J. Klusowski and B. Shigida, "On the implicit bias of Adam"'
EQUATIONS = 'Q. Li, C. Tai and W. E, "Stochastic modified equations"'
BAYESIAN_VIEW = 'S. L. Smith and Q. V. Le, "A Bayesian perspective on generalization and SGD"'
CATAPULT = 'A. Lewkowycz et al., "The large learning rate phase of deep learning: the catapult mechanism"'
SPHERE = 'R. Wan et al., "Spherical motion dynamics"'
ORIGIN = 'S. L. Smith, B. Dherin, D. Barrett and S. De, "On the origin of implicit regularization in SGD"'
HEAVY_BALL = 'A. Ghosh, H. Lyu, X. Zhang and R. Wang, "Implicit regularization in heavy-ball momentum accelerated SGD"'
MOMENTUM_METHODS = 'N. B. Kovachki and A. M. Stuart, "Continuous time analysis of momentum methods"'
EPOCH_NOISE = 'M. Kühn and B. Rosenow, "Correlated noise in epoch-based SGD: implications for weight variances"'
