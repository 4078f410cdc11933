"""The works that docstrings, reports and the manual name, each once: authors, title, year, where it appeared, and how to find it.

A docstring names a work by its key, ``Source: [Kramers1940]_``; the manual has a page with all of them, to which each key leads.
An identifier is there where one is known to belong to the work, and left empty otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

_RESOLVERS = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/", "hdl": "https://hdl.handle.net/"}
_MOST_AUTHORS = 4  # that are all named in a line of text


@dataclass(frozen=True, slots=True)
class Reference:
    """A work that is named as a source.

    Attributes:
        key: the name of the first author and the year, in letters and digits of ASCII.
        authors: initials and surname of each; ``"others"`` ends a list that is cut short.
        title: as the work prints it; empty for one without.
        year: of the version that is cited; ``None`` for a document that is kept up to date.
        venue: where it appeared; empty where that is not known.
        identifier: ``arXiv:…``, ``doi:…``, ``hdl:…`` or an address; empty where none is known.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int | None
    venue: str = ""
    identifier: str = ""

    @property
    def names(self) -> str:
        """The authors in a line of text, no more than the first where they are many.

        >>> by_key("Kwon2005").names, by_key("Jastrzebski2017").names
        ('C. Kwon, P. Ao and D. J. Thouless', 'S. Jastrzębski et al.')
        """
        if len(self.authors) > _MOST_AUTHORS or self.authors[-1] == "others":
            return f"{self.authors[0]} et al."
        *first, last = self.authors
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def address(self) -> str:
        """The address that the identifier leads to; empty without one.

        >>> by_key("Yaida2019").address
        'https://arxiv.org/abs/1810.00004'
        """
        scheme, _, name = self.identifier.partition(":")
        return f"{_RESOLVERS[scheme]}{name}" if scheme in _RESOLVERS else self.identifier

    def __str__(self) -> str:
        """One line: authors, title, venue and year.

        >>> print(by_key("Speed1983"))
        T. P. Speed, "Cumulants and partition lattices", Australian Journal of Statistics 25, 1983
        """
        parts = (self.names, self.title and f'"{self.title}"', self.venue, str(self.year or ""))
        return ", ".join(part for part in parts if part)

    def to_bibtex(self) -> str:
        """An entry of a BibTeX file in UTF-8.

        >>> print(by_key("Yaida2019").to_bibtex())
        @misc{Yaida2019,
          author = {S. Yaida},
          title = {{Fluctuation-dissipation relations for stochastic gradient descent}},
          year = {2019},
          howpublished = {ICLR},
          note = {arXiv:1810.00004},
          url = {https://arxiv.org/abs/1810.00004},
        }
        """
        values = {
            "author": " and ".join(self.authors),
            "title": self.title and f"{{{self.title}}}",
            "year": str(self.year or ""),
            "howpublished": self.venue,
            "note": "" if self.identifier == self.address else self.identifier,
            "url": self.address,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in values.items() if value]
        return "\n".join([f"@misc{{{self.key},", *lines, "}"])


def by_key(key: str) -> Reference:
    """The work with a key.

    Raises:
        KeyError: if there is none.

    >>> by_key("Kramers1940").year
    1940
    """
    return _BY_KEY[key]


def cited(key: str) -> str:
    """The authors, title and key of a work, as a report names its source.

    >>> cited("Kramers1940")
    'H. A. Kramers, "Brownian motion in a field of force and the diffusion model of chemical reactions" [Kramers1940]'
    """
    work = by_key(key)
    title = f'"{work.title}"' if work.title else work.venue
    return f"{work.names}, {title} [{key}]"


REFERENCES: tuple[Reference, ...] = (
    Reference(
        "Abramowitz1964",
        ("M. Abramowitz", "I. A. Stegun"),
        "Handbook of Mathematical Functions",
        1964,
        "National Bureau of Standards",
    ),
    Reference(
        "Akaike1973",
        ("H. Akaike",),
        "Information theory and an extension of the maximum likelihood principle",
        1973,
        "Second International Symposium on Information Theory",
        "doi:10.1007/978-1-4612-1694-0_15",
    ),
    Reference(
        "Baker1996",
        ("G. A. Baker", "P. Graves-Morris"),
        "Padé Approximants, second edition",
        1996,
        "Cambridge University Press",
    ),
    Reference(
        "Barrett2021",
        ("D. G. T. Barrett", "B. Dherin"),
        "Implicit gradient regularization",
        2021,
        "ICLR",
        "arXiv:2009.11162",
    ),
    Reference(
        "Blanc2020",
        ("G. Blanc", "N. Gupta", "G. Valiant", "P. Valiant"),
        "Implicit regularization for deep neural networks driven by an Ornstein-Uhlenbeck like process",
        2020,
        "COLT",
        "arXiv:1904.09080",
    ),
    Reference(
        "Busing1999",
        ("F. M. T. A. Busing", "E. Meijer", "R. van der Leeden"),
        "Delete-m jackknife for unequal m",
        1999,
        "Statistics and Computing 9",
        "doi:10.1023/A:1008800423698",
    ),
    Reference(
        "Cattaneo2024",
        ("M. D. Cattaneo", "J. M. Klusowski", "B. Shigida"),
        "On the implicit bias of Adam",
        2024,
        "ICML",
        "arXiv:2309.00079",
    ),
    Reference(
        "Chaudhari2018",
        ("P. Chaudhari", "S. Soatto"),
        "Stochastic gradient descent performs variational inference, converges to limit cycles for deep networks",
        2018,
        "ICLR",
        "arXiv:1710.11029",
    ),
    Reference(
        "Cohen2024",
        ("J. M. Cohen", "A. Damian", "A. Talwalkar", "J. Z. Kolter", "J. D. Lee"),
        "Understanding optimization in deep learning with central flows",
        2024,
        "",
        "arXiv:2410.24206",
    ),
    Reference(
        "Damian2021",
        ("A. Damian", "T. Ma", "J. D. Lee"),
        "Label noise SGD provably prefers flat global minimizers",
        2021,
        "NeurIPS",
        "arXiv:2106.06530",
    ),
    Reference(
        "Defazio2024",
        ("A. Defazio", "X. Yang", "H. Mehta", "K. Mishchenko", "A. Khaled", "A. Cutkosky"),
        "The road less scheduled",
        2024,
        "NeurIPS",
        "arXiv:2405.15682",
    ),
    Reference(
        "Dekker1971",
        ("T. J. Dekker",),
        "A floating-point technique for extending the available precision",
        1971,
        "Numerische Mathematik 18",
        "doi:10.1007/BF01397083",
    ),
    Reference(
        "E2007",
        ("W. E", "W. Ren", "E. Vanden-Eijnden"),
        "Simplified and improved string method for computing the minimum energy paths in barrier-crossing events",
        2007,
        "Journal of Chemical Physics 126, 164103",
    ),
    Reference(
        "Faddeev1963",
        ("D. K. Faddeev", "V. N. Faddeeva"),
        "Computational Methods of Linear Algebra",
        1963,
        "W. H. Freeman",
    ),
    Reference(
        "Fisher1930",
        ("R. A. Fisher",),
        "Moments and product moments of sampling distributions",
        1930,
        "Proceedings of the London Mathematical Society s2-30",
        "doi:10.1112/plms/s2-30.1.199",
    ),
    Reference(
        "Gardiner1985",
        ("C. W. Gardiner",),
        "Handbook of Stochastic Methods",
        1985,
        "Springer",
    ),
    Reference(
        "Ghosh2023",
        ("A. Ghosh", "H. Lyu", "X. Zhang", "R. Wang"),
        "Implicit regularization in heavy-ball momentum accelerated stochastic gradient descent",
        2023,
        "ICLR",
        "arXiv:2302.00849",
    ),
    Reference(
        "Golmant2018",
        ("N. Golmant",),
        "",
        2018,
        "essay on minibatch noise and the lemma of Chaudhari and Soatto, April",
    ),
    Reference(
        "Golub1994",
        ("G. H. Golub", "G. Meurant"),
        "Matrices, moments and quadrature",
        1994,
    ),
    Reference(
        "Goyal2017",
        (
            "P. Goyal",
            "P. Dollár",
            "R. Girshick",
            "P. Noordhuis",
            "L. Wesolowski",
            "A. Kyrola",
            "A. Tulloch",
            "Y. Jia",
            "K. He",
        ),
        "Accurate, large minibatch SGD: training ImageNet in 1 hour",
        2017,
        "",
        "arXiv:1706.02677",
    ),
    Reference(
        "Griewank2008",
        ("A. Griewank", "A. Walther"),
        "Evaluating Derivatives",
        2008,
        "SIAM, second edition",
        "doi:10.1137/1.9780898717761",
    ),
    Reference(
        "Hairer2006",
        ("E. Hairer", "C. Lubich", "G. Wanner"),
        "Geometric Numerical Integration",
        2006,
        "Springer, second edition",
        "doi:10.1007/3-540-30666-8",
    ),
    Reference(
        "Henkelman1999",
        ("G. Henkelman", "H. Jónsson"),
        "A dimer method for finding saddle points on high dimensional potential surfaces using only first derivatives",
        1999,
        "Journal of Chemical Physics 111, 7010",
        "doi:10.1063/1.480097",
    ),
    Reference(
        "Hoeffding1948",
        ("W. Hoeffding",),
        "A class of statistics with asymptotically normal distribution",
        1948,
        "Annals of Mathematical Statistics 19",
        "doi:10.1214/aoms/1177730196",
    ),
    Reference(
        "Hu2024",
        ("S. Hu", "others"),
        "MiniCPM: unveiling the potential of small language models with scalable training strategies",
        2024,
        "",
        "arXiv:2404.06395",
    ),
    Reference(
        "Isserlis1918",
        ("L. Isserlis",),
        "On a formula for the product-moment coefficient of any order of a normal frequency distribution in any number of variables",
        1918,
        "Biometrika 12",
        "doi:10.1093/biomet/12.1-2.134",
    ),
    Reference(
        "Jastrzebski2017",
        ("S. Jastrzębski", "Z. Kenton", "D. Arpit", "N. Ballas", "A. Fischer", "Y. Bengio", "A. Storkey"),
        "Three Factors Influencing Minima in SGD",
        2017,
        "",
        "arXiv:1711.04623",
    ),
    Reference(
        "Kesten1973",
        ("H. Kesten",),
        "Random difference equations and renewal theory for products of random matrices",
        1973,
        "Acta Mathematica 131",
        "doi:10.1007/BF02392040",
    ),
    Reference(
        "Kovachki2021",
        ("N. B. Kovachki", "A. M. Stuart"),
        "Continuous time analysis of momentum methods",
        2021,
        "Journal of Machine Learning Research",
        "arXiv:1906.04285",
    ),
    Reference(
        "Kramers1940",
        ("H. A. Kramers",),
        "Brownian motion in a field of force and the diffusion model of chemical reactions",
        1940,
        "Physica 7",
        "doi:10.1016/S0031-8914(40)90098-2",
    ),
    Reference(
        "Kuhn2023",
        ("M. Kühn", "B. Rosenow"),
        "Correlated noise in epoch-based stochastic gradient descent: implications for weight variances",
        2023,
        "",
        "arXiv:2306.05300",
    ),
    Reference(
        "Kwon2005",
        ("C. Kwon", "P. Ao", "D. J. Thouless"),
        "Structure of stochastic dynamics near fixed points",
        2005,
        "Proceedings of the National Academy of Sciences 102",
    ),
    Reference(
        "Lehmann1998",
        ("E. L. Lehmann", "G. Casella"),
        "Theory of Point Estimation",
        1998,
        "Springer, second edition",
        "doi:10.1007/b98854",
    ),
    Reference(
        "Leonov1959",
        ("V. P. Leonov", "A. N. Shiryaev"),
        "On a method of calculation of semi-invariants",
        1959,
        "Theory of Probability and its Applications 4",
        "doi:10.1137/1104031",
    ),
    Reference(
        "Lewkowycz2020",
        ("A. Lewkowycz", "Y. Bahri", "E. Dyer", "J. Sohl-Dickstein", "G. Gur-Ari"),
        "The large learning rate phase of deep learning: the catapult mechanism",
        2020,
        "",
        "arXiv:2003.02218",
    ),
    Reference(
        "Li2017",
        ("Q. Li", "C. Tai", "W. E"),
        "Stochastic modified equations and adaptive stochastic gradient algorithms",
        2017,
        "ICML",
        "arXiv:1511.06251",
    ),
    Reference(
        "Liu2021",
        ("K. Liu", "L. Ziyin", "M. Ueda"),
        "Noise and Fluctuation of Finite Learning Rate Stochastic Gradient Descent",
        2021,
        "ICML",
        "arXiv:2012.03636",
    ),
    Reference(
        "Loshchilov2017",
        ("I. Loshchilov", "F. Hutter"),
        "SGDR: stochastic gradient descent with warm restarts",
        2017,
        "ICLR",
        "arXiv:1608.03983",
    ),
    Reference(
        "Lucas2019",
        ("J. Lucas", "S. Sun", "R. Zemel", "R. Grosse"),
        "Aggregated momentum: stability through passive damping",
        2019,
        "ICLR",
        "arXiv:1804.00325",
    ),
    Reference(
        "Ma2019",
        ("J. Ma", "D. Yarats"),
        "Quasi-hyperbolic momentum and Adam for deep learning",
        2019,
        "ICLR",
        "arXiv:1810.06801",
    ),
    Reference(
        "Mandt2017",
        ("S. Mandt", "M. D. Hoffman", "D. M. Blei"),
        "Stochastic gradient descent as approximate Bayesian inference",
        2017,
        "Journal of Machine Learning Research 18",
        "arXiv:1704.04289",
    ),
    Reference(
        "Mathai1992",
        ("A. M. Mathai", "S. B. Provost"),
        "Quadratic Forms in Random Variables",
        1992,
        "Marcel Dekker",
    ),
    Reference(
        "MathMLCore",
        ("D. Carlisle", "F. Wang"),
        "MathML Core",
        None,
        "W3C",
        "https://w3c.github.io/mathml-core/",
    ),
    Reference(
        "McCandlish2018",
        ("S. McCandlish", "J. Kaplan", "D. Amodei", "the OpenAI Dota Team"),
        "An empirical model of large-batch training",
        2018,
        "",
        "arXiv:1812.06162",
    ),
    Reference(
        "Mori2022",
        ("T. Mori", "L. Ziyin", "K. Liu", "M. Ueda"),
        "Power-law escape rate of SGD",
        2022,
        "ICML",
        "arXiv:2105.09557",
    ),
    Reference(
        "Mulayoff2024",
        ("R. Mulayoff", "T. Michaeli"),
        "Exact mean square linear stability analysis for SGD",
        2024,
        "",
        "arXiv:2306.07850",
    ),
    Reference(
        "Neumaier1974",
        ("A. Neumaier",),
        "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
        1974,
        "Zeitschrift für Angewandte Mathematik und Mechanik 54",
        "doi:10.1002/zamm.19740540106",
    ),
    Reference(
        "Pearlmutter1994",
        ("B. A. Pearlmutter",),
        "Fast exact multiplication by the Hessian",
        1994,
        "Neural Computation 6",
        "doi:10.1162/neco.1994.6.1.147",
    ),
    Reference(
        "Polyak1964",
        ("B. T. Polyak",),
        "Some methods of speeding up the convergence of iteration methods",
        1964,
        "USSR Computational Mathematics and Mathematical Physics 4",
        "doi:10.1016/0041-5553(64)90137-5",
    ),
    Reference(
        "Ridders1982",
        ("C. J. F. Ridders",),
        "Accurate computation of F'(x) and F'(x)F''(x)",
        1982,
        "Advances in Engineering Software 4",
        "doi:10.1016/S0141-1195(82)80057-0",
    ),
    Reference(
        "Robbins1951",
        ("H. Robbins", "S. Monro"),
        "A stochastic approximation method",
        1951,
        "Annals of Mathematical Statistics 22",
        "doi:10.1214/aoms/1177729586",
    ),
    Reference(
        "Rota1964",
        ("G.-C. Rota",),
        "On the foundations of combinatorial theory I",
        1964,
        "Zeitschrift für Wahrscheinlichkeitstheorie und verwandte Gebiete 2",
        "doi:10.1007/BF00531932",
    ),
    Reference(
        "Smith2018",
        ("S. L. Smith", "Q. V. Le"),
        "A Bayesian perspective on generalization and stochastic gradient descent",
        2018,
        "ICLR",
        "arXiv:1710.06451",
    ),
    Reference(
        "Smith2021",
        ("S. L. Smith", "B. Dherin", "D. G. T. Barrett", "S. De"),
        "On the origin of implicit regularization in stochastic gradient descent",
        2021,
        "ICLR",
        "arXiv:2101.12176",
    ),
    Reference(
        "Speed1983",
        ("T. P. Speed",),
        "Cumulants and partition lattices",
        1983,
        "Australian Journal of Statistics 25",
        "doi:10.1111/j.1467-842X.1983.tb00391.x",
    ),
    Reference(
        "Stanley2012",
        ("R. P. Stanley",),
        "Enumerative Combinatorics, volume 1",
        2012,
        "Cambridge University Press, second edition",
        "doi:10.1017/CBO9781139058520",
    ),
    Reference(
        "Sutskever2013",
        ("I. Sutskever", "J. Martens", "G. Dahl", "G. Hinton"),
        "On the importance of initialization and momentum in deep learning",
        2013,
        "ICML",
        "https://proceedings.mlr.press/v28/sutskever13.html",
    ),
    Reference(
        "Takeuchi1976",
        ("K. Takeuchi",),
        "Distribution of informational statistics and a criterion of model fitting",
        1976,
        "Suri-Kagaku 153, in Japanese",
    ),
    Reference(
        "Tenka2020",
        ("S. C. Tenka",),
        "SGD at Small Learning Rates",
        2020,
        "manuscript; the thesis on the same theory is A perturbative analysis of stochastic descent, "
        "Massachusetts Institute of Technology",
        "hdl:1721.1/129180",
    ),
    Reference(
        "Tukey1956",
        ("J. W. Tukey",),
        "Keeping moment-like sampling computations simple",
        1956,
        "Annals of Mathematical Statistics 27",
    ),
    Reference(
        "Ubaru2017",
        ("S. Ubaru", "J. Chen", "Y. Saad"),
        "Fast estimation of tr(f(A)) via stochastic Lanczos quadrature",
        2017,
        "SIAM Journal on Matrix Analysis and Applications 38",
        "doi:10.1137/16M1104974",
    ),
    Reference(
        "vanLaarhoven2017",
        ("T. van Laarhoven",),
        "L2 regularization versus batch and weight normalization",
        2017,
        "",
        "arXiv:1706.05350",
    ),
    Reference(
        "Wan2021",
        ("R. Wan", "Z. Zhu", "X. Zhang", "J. Sun"),
        "Spherical motion dynamics: learning dynamics of normalized neural network using SGD and weight decay",
        2021,
        "NeurIPS",
        "arXiv:2006.08419",
    ),
    Reference(
        "Wei2019",
        ("M. Wei", "D. J. Schwab"),
        "How noise affects the Hessian spectrum in overparameterized neural networks",
        2019,
        "",
        "arXiv:1910.00195",
    ),
    Reference(
        "Weisfeiler1968",
        ("B. Weisfeiler", "A. Leman"),
        "The reduction of a graph to canonical form and the algebra which appears therein",
        1968,
        "Nauchno-Technicheskaya Informatsia 2(9)",
    ),
    Reference(
        "Yaida2019",
        ("S. Yaida",),
        "Fluctuation-dissipation relations for stochastic gradient descent",
        2019,
        "ICLR",
        "arXiv:1810.00004",
    ),
    Reference(
        "Ziyin2022",
        ("L. Ziyin", "K. Liu", "T. Mori", "M. Ueda"),
        "Strength of Minibatch Noise in SGD",
        2022,
        "ICLR",
        "arXiv:2102.05375",
    ),
)

_BY_KEY = {work.key: work for work in REFERENCES}
