val factorial : int -> Z.t
