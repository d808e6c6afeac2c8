(* SPDX-License-Identifier: ISC *)
(* The example's store on a disk that loses what was not flushed: `power_cuts COUNT SEED`. After each cut the store has what some of the
   changes have left, in the order in which they were asked for: all that were acknowledged, and none that was gone before. *)

open Lwt.Infix

type fate = Asked | Acknowledged | Refused
type change = { key : string; value : string option; mutable fate : fate }

let fail format = Printf.ksprintf (fun text -> prerr_endline ("wrong: " ^ text); exit 1) format

module Map = Map.Make (String)

let apply map change = Map.update change.key (fun _ -> change.value) map

(* What the changes, the first one first, may have left on the disk. *)
let states before changes =
  let changes = List.filter (fun change -> change.fate <> Refused) changes in
  let rec go map changes =
    let rest = match changes with [] -> [] | change :: rest -> go (apply map change) rest in
    if List.exists (fun change -> change.fate = Acknowledged) changes then rest else map :: rest
  in
  go before changes

let contents store =
  let add map key =
    Log_store.get store key >|= function
    | None -> fail "%s is a key without a value" key
    | Some value -> Map.add key value map
  in
  Lwt_list.fold_left_s add Map.empty (Log_store.keys store)

(* Writes until the power goes; what was asked for, in order. *)
let work (disk : Block.t) random store asked =
  let change () =
    let key = Printf.sprintf "k%d" (Random.State.int random 9) in
    let value =
      if Random.State.int random 4 = 0 then None
      else
        (* Few of them, so that what is written is often the same as what was there before. *)
        let n = Random.State.int random 5 in
        Some (String.make ((n * n * disk.size / 3) + (n land 1 * disk.size)) (Char.chr (97 + n)))
    in
    let change = { key; value; fate = Asked } in
    asked := change :: !asked;
    Lwt.try_bind
      (fun () -> match value with None -> Log_store.remove store key | Some value -> Log_store.put store key value)
      (fun () -> change.fate <- Acknowledged; Lwt.return_unit)
      (function Log_store.Full -> change.fate <- Refused; Lwt.return_unit | error -> Lwt.fail error)
  in
  let rec lane () = change () >>= lane in
  Lwt.pick (List.init (1 + Random.State.int random 3) (fun _ -> lane ()))

let rec run promise =
  match Lwt.state promise with
  | Return x -> x
  | Fail error -> raise error
  | Sleep ->
      if Lwt.paused_count () = 0 then fail "nobody goes on";
      Lwt.wakeup_paused ();
      run promise

let () =
  let count = int_of_string Sys.argv.(1) and random = Random.State.make [| int_of_string Sys.argv.(2) |] in
  let refused = ref 0 and logs = ref 0 and acknowledged = ref 0 in
  for disk_number = 1 to (count + 49) / 50 do
    let size = if disk_number land 1 = 0 then 512 else 4096 in
    let disk = Block.make random size (40 + Random.State.int random 60) in
    let before = ref Map.empty and asked = ref [] in
    for round = 1 to 50 do
      let often n = Random.State.int random n = 0 in
      let life () =
        disk.left <- (if often 4 then Random.State.int random 12 else max_int);
        Log_store.connect disk >>= fun store ->
        disk.left <- max_int;
        contents store >>= fun found ->
        if not (List.exists (Map.equal ( = ) found) (states !before (List.rev !asked))) then
          fail "disk %d, after cut %d: the store has what nothing has left it with" disk_number (round - 1);
        let with_fate fate = List.length (List.filter (fun change -> change.fate = fate) !asked) in
        refused := !refused + with_fate Refused;
        acknowledged := !acknowledged + with_fate Acknowledged;
        logs := max !logs (Log_store.logs store);
        before := found;
        asked := [];
        (* Some only read. *)
        disk.left <- (if often 3 then 0 else Random.State.int random 80);
        work disk random store asked
      in
      (match run (life ()) with () -> () | exception Block.Power_cut -> ());
      Block.cut_power disk
    done
  done;
  Printf.printf "%d cuts, %d acknowledged, %d refused, %d logs\n" count !acknowledged !refused !logs
