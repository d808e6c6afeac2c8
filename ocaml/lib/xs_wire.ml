(* SPDX-License-Identifier: ISC *)

module Op = struct
  type t =
    | Debug
    | Directory
    | Read
    | Getperms
    | Watch
    | Unwatch
    | Transaction_start
    | Transaction_end
    | Introduce
    | Release
    | Getdomainpath
    | Write
    | Mkdir
    | Rm
    | Setperms
    | Watchevent
    | Error
    | Isintroduced
    | Resume
    | Set_target
    | Reset_watches
    | Directory_part

  (* By number; 20 was RESTRICT and is not used any more. *)
  let numbered =
    [|
      Some (Debug, "debug");
      Some (Directory, "directory");
      Some (Read, "read");
      Some (Getperms, "getperms");
      Some (Watch, "watch");
      Some (Unwatch, "unwatch");
      Some (Transaction_start, "transaction_start");
      Some (Transaction_end, "transaction_end");
      Some (Introduce, "introduce");
      Some (Release, "release");
      Some (Getdomainpath, "getdomainpath");
      Some (Write, "write");
      Some (Mkdir, "mkdir");
      Some (Rm, "rm");
      Some (Setperms, "setperms");
      Some (Watchevent, "watchevent");
      Some (Error, "error");
      Some (Isintroduced, "isintroduced");
      Some (Resume, "resume");
      Some (Set_target, "set_target");
      None;
      Some (Reset_watches, "reset_watches");
      Some (Directory_part, "directory_part");
    |]

  (* Constant constructors are represented by their position, and the numbers have one gap; spelled out all the same. *)
  let to_int = function
    | Debug -> 0
    | Directory -> 1
    | Read -> 2
    | Getperms -> 3
    | Watch -> 4
    | Unwatch -> 5
    | Transaction_start -> 6
    | Transaction_end -> 7
    | Introduce -> 8
    | Release -> 9
    | Getdomainpath -> 10
    | Write -> 11
    | Mkdir -> 12
    | Rm -> 13
    | Setperms -> 14
    | Watchevent -> 15
    | Error -> 16
    | Isintroduced -> 17
    | Resume -> 18
    | Set_target -> 19
    | Reset_watches -> 21
    | Directory_part -> 22

  let entry number = if number < 0 || number >= Array.length numbered then None else numbered.(number)
  let of_int number = match entry number with Some (op, _) -> Some op | None -> None
  let to_string op = match entry (to_int op) with Some (_, name) -> name | None -> assert false
end

let header_size = 16
let payload_max = 4096

type header = { op : int; rid : int; tid : int; length : int }

(* Transactions and requests are unsigned 32-bit numbers. *)
let get bytes offset = Int32.to_int (Bytes.get_int32_le bytes offset) land 0xffffffff
let set bytes offset value = Bytes.set_int32_le bytes offset (Int32.of_int value)

let packet ~op ~rid ~tid strings =
  let length = List.fold_left (fun sum text -> sum + String.length text) 0 strings in
  if length > payload_max then invalid_arg "xenstore: a request of more than 4096 bytes";
  let bytes = Bytes.create (header_size + length) in
  set bytes 0 (Op.to_int op);
  set bytes 4 rid;
  set bytes 8 tid;
  set bytes 12 length;
  let add offset text =
    Bytes.blit_string text 0 bytes offset (String.length text);
    offset + String.length text
  in
  ignore (List.fold_left add header_size strings : int);
  bytes

let header bytes = { op = get bytes 0; rid = get bytes 4; tid = get bytes 8; length = get bytes 12 }

let strings payload =
  if payload = "" then []
  else
    let length = String.length payload in
    let payload = if payload.[length - 1] = '\000' then String.sub payload 0 (length - 1) else payload in
    String.split_on_char '\000' payload

module Part = struct
  let parse payload =
    match String.index_opt payload '\000' with
    | None -> None
    | Some zero -> Some (String.sub payload 0 zero, String.sub payload (zero + 1) (String.length payload - zero - 1))

  let is_last names =
    let length = String.length names in
    length <= 1 || (names.[length - 1] = '\000' && names.[length - 2] = '\000')
end
