(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

external evtchn : unit -> int = "mirage_xen_get_console_evtchn"
external page : unit -> (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t = "mirage_xen_get_console_page"

type t = {
  input : Byte_ring.t;
  port : Eventchn.t;
  mutable closed : bool;
  closing : unit Lwt.t;
  close : unit Lwt.u;
  line : Buffer.t;  (** read, but not a line yet *)
  mutable rest : string;  (** read, but after the line *)
}

type error = |
type write_error = [ `Closed ]

let pp_error _ (error : error) = match error with _ -> .
let pp_write_error f `Closed = Format.pp_print_string f "the console is closed"
let events = Eventchn.init ()

let connect () =
  let number = evtchn () in
  if number = 0 then failwith "Console.connect: the domain has no console";
  let page = Cstruct.of_bigarray (page ()) in
  (* The output half is the core's, which has written to it since the domain started. *)
  let input = Byte_ring.v page ~data:0 ~size:1024 ~cons:3072 ~prod:3076 in
  let port = Eventchn.of_int number in
  let closing, close = Lwt.wait () in
  Eventchn.unmask events port;
  { input; port; closed = false; closing; close; line = Buffer.create 80; rest = "" }

let rec read_after t event =
  if t.closed then Lwt.return_none
  else
    let buffer = Bytes.create 1024 in
    match Byte_ring.read t.input buffer 0 1024 with
    | 0 -> Lwt.pick [ Activations.after t.port event; (Lwt.protected t.closing >|= fun () -> event) ] >>= read_after t
    | count ->
        if Byte_ring.was_full t.input count then Eventchn.notify events t.port;
        Lwt.return_some (Bytes.sub_string buffer 0 count)
    | exception Byte_ring.Corrupt ->
        (* The daemon is not to be believed; there is nobody else to read from. *)
        t.closed <- true;
        Lwt.return_none

let read_string t =
  if t.rest <> "" then (
    let rest = t.rest in
    t.rest <- "";
    Lwt.return_some rest)
  else read_after t Activations.program_start

let read t =
  read_string t >|= function None -> Ok `Eof | Some text -> Ok (`Data (Cstruct.of_string text))

let longest_line = 4095

let rec read_line t =
  read_string t >>= function
  | None -> Lwt.return_none
  | Some text -> (
      let add text = Buffer.add_string t.line (String.sub text 0 (min (String.length text) (longest_line - Buffer.length t.line))) in
      let is_end c = c = '\n' || c = '\r' in
      let rec find i = if i = String.length text then None else if is_end text.[i] then Some i else find (i + 1) in
      match find 0 with
      | None ->
          add text;
          read_line t
      | Some i ->
          add (String.sub text 0 i);
          t.rest <- String.sub text (i + 1) (String.length text - i - 1);
          let line = Buffer.contents t.line in
          Buffer.clear t.line;
          Lwt.return_some line)

let write t buffer =
  if t.closed then Lwt.return_error `Closed
  else (
    print_string (Cstruct.to_string buffer);
    flush stdout;
    Lwt.return_ok ())

let rec writev t = function
  | [] -> Lwt.return_ok ()
  | buffer :: rest -> ( write t buffer >>= function Ok () -> writev t rest | Error _ as error -> Lwt.return error)

let log t line = if not t.closed then print_endline line

let close t =
  if not t.closed then (
    t.closed <- true;
    Lwt.wakeup_later t.close ());
  Lwt.return_unit
