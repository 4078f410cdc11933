class Contraction: pass
