(* SPDX-License-Identifier: ISC *)

module Macaddr = struct
  type t = string

  let compare = String.compare
  let of_octets octets = if String.length octets = 6 then Ok octets else Error (`Msg "MAC is exactly 6 bytes")
  let to_octets t = t

  let of_octets_exn octets =
    match of_octets octets with Ok t -> t | Error (`Msg message) -> invalid_arg ("Macaddr.of_octets_exn: " ^ message)

  let of_string text =
    let digit c = match c with '0' .. '9' | 'a' .. 'f' | 'A' .. 'F' -> true | _ -> false in
    let is_separator c = c = ':' || c = '-' in
    let fits i c = if i mod 3 = 2 then is_separator c && c = text.[2] else digit c in
    let rec all i = i = 17 || (fits i text.[i] && all (i + 1)) in
    if String.length text = 17 && all 0 then
      Ok (String.init 6 (fun i -> Char.chr (int_of_string ("0x" ^ String.sub text (3 * i) 2))))
    else Error (`Msg (Printf.sprintf "%S is not a MAC address" text))

  let of_string_exn text = match of_string text with Ok t -> t | Error (`Msg message) -> invalid_arg message

  let to_string ?(sep = ':') t =
    String.concat (String.make 1 sep) (List.init 6 (fun i -> Printf.sprintf "%02x" (Char.code t.[i])))

  let pp f t = Format.pp_print_string f (to_string t)
  let broadcast = String.make 6 '\xff'
  let is_unicast t = Char.code t.[0] land 1 = 0
  let is_local t = Char.code t.[0] land 2 <> 0
end

module Mirage_net = struct
  type stats = {
    mutable rx_bytes : int64;
    mutable rx_pkts : int32;
    mutable tx_bytes : int64;
    mutable tx_pkts : int32;
  }

  module Net = struct
    type error = [ `Unimplemented | `Disconnected | `Invalid_length ]

    let pp_error f = function
      | `Unimplemented -> Format.pp_print_string f "operation not yet implemented"
      | `Disconnected -> Format.pp_print_string f "a required device is disconnected"
      | `Invalid_length -> Format.pp_print_string f "invalid length (exceeds MTU)"
  end
end
