(* SPDX-License-Identifier: ISC *)

type error = [ `Disconnected ]

let pp_error f `Disconnected = Fmt.string f "a required device is disconnected"

type write_error = [ error | `Is_read_only ]

let pp_write_error f = function
  | #error as error -> pp_error f error
  | `Is_read_only -> Fmt.string f "attempted to write to a read-only disk"

type info = { read_write : bool; sector_size : int; size_sectors : int64 }
