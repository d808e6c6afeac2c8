(* SPDX-License-Identifier: ISC *)
(* Without the metrics library there is no source of metrics. *)
