(* SPDX-License-Identifier: ISC *)
(* Memory_stat, and a source of metrics where that library is installed. *)

include Memory_stat
include Memory_metrics
