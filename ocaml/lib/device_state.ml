(* SPDX-License-Identifier: ISC *)

type state =
  | Unknown
  | Initialising
  | InitWait
  | Initialised
  | Connected
  | Closing
  | Closed
  | Reconfiguring
  | Reconfigured

let states =
  [
    (Unknown, "0", "Unknown");
    (Initialising, "1", "Initialising");
    (InitWait, "2", "InitWait");
    (Initialised, "3", "Initialised");
    (Connected, "4", "Connected");
    (Closing, "5", "Closing");
    (Closed, "6", "Closed");
    (Reconfiguring, "7", "Reconfiguring");
    (Reconfigured, "8", "Reconfigured");
  ]

let find wanted = List.find (fun (state, _, _) -> state = wanted) states

let of_string text =
  match List.find_opt (fun (_, number, _) -> number = text) states with Some (state, _, _) -> state | None -> Unknown

let to_string state = match find state with _, number, _ -> number
let prettyprint state = match find state with _, _, name -> name
