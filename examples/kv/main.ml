(* SPDX-License-Identifier: ISC *)
(* A key-value service between two domains: `make run EXAMPLE=kv`. The command line's first word says which of them a domain
   is; the other one's number is the second word, or is waited for in xenstore's data/peer. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

(* {2 Lines over the stream} *)

type lines = { stream : Stream.t; pending : Buffer.t; chunk : bytes }

let lines stream = { stream; pending = Buffer.create 100; chunk = Bytes.create 4096 }

let rec get t =
  let text = Buffer.contents t.pending in
  match String.index_opt text '\n' with
  | Some i ->
      Buffer.clear t.pending;
      Buffer.add_string t.pending (String.sub text (i + 1) (String.length text - i - 1));
      Lwt.return (String.sub text 0 i)
  | None ->
      Stream.read t.stream t.chunk 0 (Bytes.length t.chunk) >>= fun count ->
      Buffer.add_subbytes t.pending t.chunk 0 count;
      get t

let put t line =
  let bytes = Bytes.of_string (line ^ "\n") in
  Stream.write t.stream bytes 0 (Bytes.length bytes)

(* {2 The server} *)

let store : (string, string) Hashtbl.t = Hashtbl.create 100

let answer request =
  match String.split_on_char ' ' request with
  | "set" :: key :: value ->
      Hashtbl.replace store key (String.concat " " value);
      "ok"
  | [ "get"; key ] -> ( match Hashtbl.find_opt store key with Some value -> "value " ^ value | None -> "none")
  | [ "count" ] -> Printf.sprintf "value %d" (Hashtbl.length store)
  | _ -> "what?"

let rec serve lines = get lines >>= fun request -> put lines (answer request) >>= fun () -> serve lines

let server client =
  Stream.accept ~client () >>= fun stream ->
  Printf.printf "server: domain %d is connected\n%!" client;
  Lwt.catch (fun () -> serve (lines stream)) (function Stream.Closed -> Lwt.return_unit | error -> Lwt.fail error)
  >>= fun () ->
  Printf.printf "server: domain %d is gone, %d keys remain\n%!" client (Hashtbl.length store);
  Stream.close stream

(* {2 The client} *)

let client server =
  Stream.connect ~server () >>= fun stream ->
  let lines = lines stream in
  let ask request =
    put lines request >>= fun () ->
    get lines >|= fun reply -> Printf.printf "client: %-28s %s\n%!" request reply
  in
  Lwt_list.iter_s ask [ "set colour green"; "set greeting good morning"; "get colour"; "get greeting"; "get size"; "count" ]
  >>= fun () -> Stream.close stream

let peer xs =
  Xs.wait xs (fun h ->
      Lwt.catch (fun () -> Xs.read h "data/peer") (fun _ -> Lwt.fail Xs_protocol.Eagain))
  >|= int_of_string

let main () =
  Xs.make () >>= fun xs ->
  match String.split_on_char ' ' (command_line ()) with
  | [ "server"; domid ] -> server (int_of_string domid)
  | [ "client"; domid ] -> client (int_of_string domid)
  | [ "server" ] -> peer xs >>= server
  | [ "client" ] -> peer xs >>= client
  | _ -> Lwt.fail_with "the command line has to be `server` or `client`, with the other's number if it is known"

let () = Main.run (main ())
