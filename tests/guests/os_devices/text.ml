(* SPDX-License-Identifier: ISC *)

let contains text part =
  let length = String.length part in
  let rec at i = i + length <= String.length text && (String.sub text i length = part || at (i + 1)) in
  at 0
