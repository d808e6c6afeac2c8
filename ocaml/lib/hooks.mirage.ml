(* SPDX-License-Identifier: ISC *)
(* The main loop's hooks are mirage-runtime's, where applications register theirs. *)

let at_exit = Mirage_runtime.at_exit
let at_enter_iter = Mirage_runtime.at_enter_iter
let at_leave_iter = Mirage_runtime.at_leave_iter
let run_enter_iter_hooks = Mirage_runtime.run_enter_iter_hooks
let run_leave_iter_hooks = Mirage_runtime.run_leave_iter_hooks
let run_exit_hooks = Mirage_runtime.run_exit_hooks
