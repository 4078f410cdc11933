"""Thirty formulas of the literature, fifteen right and fifteen wrong, ten of each notation.

Matrices in text, matrices in LaTeX and indices in LaTeX; most of the wrong ones are wrong in print.  Source: S. C. Tenka, "SGD at Small
Learning Rates" and its companion code, where nothing else is said.
"""

ONE = {"batch_size": 1}
MINIMUM = {"batch_size": 1, "at_minimum": True}
MOVED = {"batch_size": 1, "observable": "displacement"}
EPOCHS = {"sampling": "reshuffle"}

RIGHT = [
    # text
    ("l - η T G·G", ONE),
    ("l + η² (T/2) C:H - η³ [C(T,2) C:H² + (T/6) S:J]", MINIMUM),
    ("-η T G + η² (T(T-1)/4) ∇|G|²", MOVED),
    ("l - η (E N/B) G·G + η² [(E N/B)(E N/B - 1/2) G·H G + (E²N/(2B²)) C:H + (E N/(4B)) (E - 1)/B G·∇tr C]", EPOCHS),
    ("η² T G·C G", {"batch_size": 1, "observable": "loss-variance"}),
    # LaTeX, matrices
    (r"2\binom{T}{2} G^\top H G + \frac{T}{2} \operatorname{tr}(H \, \mathbb{E}[g g^\top])", ONE),
    (r"-\frac{T(T-1)}{4} \eta^3 J[C]", {**MOVED, "at_minimum": True}),
    (r"l - \eta T \|G\|^2 + \tfrac12 \eta^2 T^2 G \cdot \nabla \|G\|^2", {"dynamics": "ode"}),
    (
        r"\mathrm{E}[l(\theta_T)] = l - \eta T G^\top G + \eta^2 T^2 G^\top H G + \eta^2 \frac{T}{2B} \mathrm{tr}(HC) + O(\eta^3)",
        {"dynamics": "sde"},
    ),
    (r"\frac{T^2}{N} \eta^2 \, G^{\top} C \, G", {"dynamics": "gd", "observable": "loss-variance"}),
    # LaTeX, indices
    (
        r"-\eta^3 \Bigl[ \binom{T}{3} (4 G_a H_{ab} H_{bc} G_c + 2 J_{abc} G_a G_b G_c)"
        r" + \binom{T}{2} (\tfrac32 J_{abc} \mathrm{E}[g_a g_b] G_c"
        r" + H_{ab} H_{bc} \mathrm{E}[g_a g_c] + H_{ab} \mathrm{E}[g_a h_{bc}] G_c) + \frac{T}{6} J_{abc} \mathrm{E}[g_a g_b g_c] \Bigr]",
        ONE,
    ),
    (r"\frac{T}{B} \eta^2 C_{ik}", {"observable": "covariance"}),
    (r"- \eta T G_i + \eta^2 \binom{T}{2} H_{ia} G_a", MOVED),
    (r"\frac{\eta E}{B} C_{aa}", {"sampling": "fixed", "observable": "generalization-gap"}),
    (
        r"l - \eta T \sum_{a} G_a G_a + \eta^2 T \Bigl(T - \frac12\Bigr) \sum_{a,b} G_a H_{ab} G_b "
        r"+ \frac{\eta^2 T^2}{2N} \sum_{a,b} C_{ab} H_{ab}"
        r" + \frac{\eta^2 T (T-1)}{2N} \sum_{a,b} G_a \kappa(h_{ab}, g_b)",
        {"dynamics": "gd"},
    ),
]

WRONG = [
    # text: the companion code forgets a factor 2
    ("l - η T G·G + η² (T(T - 1)/2) G·H G + η² (T/2) tr(H E[g gᵀ])", ONE),
    # the sign of skewness
    ("l + η² (T/2) C:H - η³ [C(T,2) C:H² - (T/6) S:J]", MINIMUM),
    # an SDE has the term C:H as SGD has
    ("l - η T G·G + η² T² G·H G", {"dynamics": "sde", "batch_size": 1}),
    # cumulants with the counts of moments
    ("l - η T G·G + η² T(T - 1) G·H G + η² (T/2) C:H", ONE),
    # epochs without the term of |G|²
    ("l - η (E N/B) G·G + η² [(E N/B)(E N/B) G·H G + (E²N/(2B²)) C:H + (E N/(4B)) ((E - 1)/B) G·∇tr C]", EPOCHS),
    # LaTeX, matrices
    (r"-\frac{T^2}{4} \eta^3 J[C]", {**MOVED, "at_minimum": True}),
    (r"-\frac{T(T-1)}{4} \eta^2 J[C]", {**MOVED, "at_minimum": True}),
    (r"\eta^2 T \, G^{\top} C H \, G", {"batch_size": 1, "observable": "loss-variance"}),
    (r"l - \eta T G^\top G + \frac{\eta^2 T^2}{2} G^\top H G", {"dynamics": "ode"}),
    (r"\frac{T^2}{N^2} \eta^2 \, G^{\top} C \, G", {"dynamics": "gd", "observable": "loss-variance"}),
    # LaTeX, indices
    (
        r"-\eta^3 \Bigl[ \binom{T}{3} (4 G_a H_{ab} H_{bc} G_c + 2 J_{abc} G_a G_b G_c)"
        r" + \binom{T}{2} (\tfrac12 J_{abc} \mathrm{E}[g_a g_b] G_c"
        r" + H_{ab} H_{bc} \mathrm{E}[g_a g_c] + H_{ab} \mathrm{E}[g_a h_{bc}] G_c) + \frac{T}{6} J_{abc} \mathrm{E}[g_a g_b g_c] \Bigr]",
        ONE,
    ),
    (r"\frac{T}{N} \eta^2 C_{ik}", {"observable": "covariance", "dynamics": "gd"}),
    (r"- \eta T G_i + \eta^2 \binom{T}{2} (H_{ia} G_a + \mathrm{E}[h_{ia} g_a])", MOVED),
    (r"\frac{\eta T}{2N} C_{aa}", {"dynamics": "gd", "observable": "generalization-gap"}),
    (
        r"l - \eta T \sum_{a} G_a G_a + \eta^2 T \Bigl(T + \frac12\Bigr) \sum_{a,b} G_a H_{ab} G_b "
        r"+ \frac{\eta^2 T}{2B} \sum_{a,b} C_{ab} H_{ab}",
        {},
    ),
]
