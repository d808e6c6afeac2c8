(* SPDX-License-Identifier: ISC *)
val periodically : (Metrics.field list, unit -> Metrics.Data.t) Metrics.src -> unit
