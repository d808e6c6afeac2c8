(* SPDX-License-Identifier: ISC *)
(* What xenstore has about this domain: `make run EXAMPLE=xenstore`. *)

open Lwt.Infix
open Xen_os

let indent depth = String.make (2 * depth) ' '

(* Nodes that this domain may not read are shown as such. *)
let value h path =
  Lwt.catch
    (fun () -> Xs.read h path >|= Printf.sprintf "%S")
    (function Xs_protocol.Error name -> Lwt.return ("(" ^ name ^ ")") | error -> Lwt.fail error)

let rec show h depth path =
  value h path >>= fun text ->
  Printf.printf "%s%s = %s\n" (indent depth) (Filename.basename path) text;
  Lwt.catch (fun () -> Xs.directory h path) (function Xs_protocol.Error _ -> Lwt.return [] | error -> Lwt.fail error)
  >>= Lwt_list.iter_s (fun name -> show h (depth + 1) (path ^ "/" ^ name))

let main () =
  Xs.make () >>= fun xs ->
  Xs.immediate xs (fun h ->
      Xs.read h "domid" >>= fun domid ->
      Xs.getdomainpath h (int_of_string domid) >>= fun home ->
      show h 0 home)
  >>= fun () ->
  (* A change that takes effect as a whole: both nodes, or neither. *)
  Xs.transaction xs (fun h ->
      Xs.write h "data/example/greeting" "hello" >>= fun () -> Xs.write h "data/example/to" "xenstore")
  >>= fun () ->
  Xs.immediate xs (fun h -> show h 0 "data") >>= fun () ->
  (* Waits until someone, here this program itself, has written what is waited for. *)
  let changed =
    Xs.wait xs (fun h ->
        Xs.read h "data/example/to" >>= fun value ->
        if value = "everyone" then Lwt.return value else Lwt.fail Xs_protocol.Eagain)
  in
  Xs.immediate xs (fun h -> Xs.write h "data/example/to" "everyone") >>= fun () ->
  changed >>= fun value ->
  Printf.printf "changed to %S\n" value;
  Xs.immediate xs (fun h -> Xs.rm h "data/example")

let () = Main.run (main ())
