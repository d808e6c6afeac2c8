(* SPDX-License-Identifier: ISC *)
(* The main loop's hooks where mirage-runtime, which has its own, is not installed. *)

let exit_hooks : (unit -> unit Lwt.t) list ref = ref []
let enter_hooks : (unit -> unit) list ref = ref []
let leave_hooks : (unit -> unit) list ref = ref []
let at_exit hook = exit_hooks := hook :: !exit_hooks
let at_enter_iter hook = enter_hooks := hook :: !enter_hooks
let at_leave_iter hook = leave_hooks := hook :: !leave_hooks
let run_enter_iter_hooks () = List.iter (fun hook -> hook ()) !enter_hooks
let run_leave_iter_hooks () = List.iter (fun hook -> hook ()) !leave_hooks

let rec run_exit_hooks () =
  match !exit_hooks with
  | [] -> Lwt.return_unit
  | hook :: rest ->
      exit_hooks := rest;
      Lwt.bind (Lwt.catch hook (fun _ -> Lwt.return_unit)) run_exit_hooks
