(* SPDX-License-Identifier: ISC *)
(* A key-value store on the domain's disk: `make run EXAMPLE=store`. Without a word on the command line it counts how often it was
   started. With "work" it writes until the domain is destroyed, and says what the disk has taken; when it is started again
   it checks that all of that is there. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let count store =
  Log_store.get store "starts" >>= fun before ->
  let starts = 1 + Option.fold before ~none:0 ~some:int_of_string in
  Log_store.put store "starts" (string_of_int starts) >>= fun () ->
  Log_store.put store (Printf.sprintf "start %d" starts) (Printf.sprintf "of %d keys before" (List.length (Log_store.keys store)))
  >>= fun () ->
  Fmt.pr "store: start %d\n%!" starts;
  let show key = Log_store.get store key >|= fun value -> Fmt.pr "store: %s = %s\n%!" key (Option.value value ~default:"?") in
  Lwt_list.iter_s show (List.filter (fun key -> String.length key > 5 && String.sub key 0 5 = "start") (Log_store.keys store))

(* {2 Work that can be checked}

   In each lane one step follows another, each on one of the lane's keys. A step's number says all of it. *)

let lanes, keys_of_a_lane = (4, 8)
let mix n = n * 2654435761 land 0x3fffffff
let key lane step = Printf.sprintf "%d/%d" lane (mix step mod keys_of_a_lane)

(* Now and then a key is removed. *)
let value lane step =
  if mix (step + lane) mod 11 = 0 then None
  else
    let text = Printf.sprintf "%d in lane %d, " step lane in
    let length = mix (step + (7 * lane)) mod 6000 + 20 in
    Some (String.init length (fun i -> text.[i mod String.length text]))

let do_step store lane step =
  let key = key lane step in
  match value lane step with None -> Log_store.remove store key | Some value -> Log_store.put store key value

(* What a lane's keys have after that step. *)
let model lane last =
  let table = Hashtbl.create 8 in
  for step = max 1 (last - 200) to last do
    match value lane step with
    | None -> Hashtbl.remove table (key lane step)
    | Some value -> Hashtbl.replace table (key lane step) value
  done;
  table

let agrees store lane last =
  let wanted = model lane last in
  let agrees number =
    let key = Printf.sprintf "%d/%d" lane number in
    Log_store.get store key >|= fun value -> value = Hashtbl.find_opt wanted key
  in
  Lwt_list.for_all_s agrees (List.init keys_of_a_lane Fun.id)

(* The step that the lane was at: at least the last that was said to be done, and perhaps the one that was under way. *)
let find_step store lane =
  let step_of key = Log_store.get store key >|= function None -> 0 | Some value -> Scanf.sscanf value "%d" Fun.id in
  let own = Printf.sprintf "%d/" lane in
  let is_own key = String.length key > String.length own && String.sub key 0 (String.length own) = own in
  Lwt_list.map_s step_of (List.filter is_own (Log_store.keys store)) >>= fun steps ->
  let newest = List.fold_left max 0 steps in
  (* Steps that removed a key have left nothing with their number. *)
  let rec from step =
    if step > newest + 20 then Lwt.fail_with (Printf.sprintf "wrong: lane %d is after no step, the newest is %d" lane newest)
    else
      agrees store lane step >>= function
      | true -> Lwt.return step
      | false -> from (step + 1)
  in
  from newest

let work store =
  let lane number =
    find_step store number >>= fun step ->
    Fmt.pr "lane %d at %d\n%!" number step;
    Lwt.return step
  in
  Lwt_list.map_s lane (List.init lanes Fun.id) >>= fun steps ->
  Fmt.pr "recovered, log %d\n%!" (Log_store.logs store);
  let rec go lane step =
    do_step store lane step >>= fun () ->
    Fmt.pr "done %d %d\n%!" lane step;
    go lane (step + 1)
  in
  Lwt.join (List.mapi (fun lane step -> go lane (step + 1)) steps)

let main () =
  Block.connect "" >>= fun disk ->
  Log_store.connect disk >>= fun store ->
  match String.trim (command_line ()) with
  | "work" -> work store
  | _ -> count store >>= fun () -> Block.disconnect disk

let () =
  Reporter.install ();
  Main.run (main ())
