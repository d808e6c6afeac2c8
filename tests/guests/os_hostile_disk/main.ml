(* SPDX-License-Identifier: ISC *)
(* Two disks, for tests/hostile_disk.rs: the first is what was written to it all the time; of the second one's backend nothing is
   expected, but that each operation has an answer and that no memory changes beside what is read into. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

(* Those of the good disk that are worked on; the next one says when it is enough. *)
let all = 2048
let random = Random.State.make [| 1 |]
let any limit = Random.State.int random limit
let wrong what = Fmt.pr "wrong: %s\n%!" what
let sectors count = Cstruct.create (512 * count)
let good_operations = ref 0
let bad_operations = ref 0
let failed = ref 0

(* Bytes that say where and when they were written. *)
let fill version buffer first =
  for i = 0 to (Cstruct.length buffer / 8) - 1 do
    let sector = first + (i / 64) in
    Cstruct.LE.set_uint64 buffer (8 * i) (if version sector = 0 then 0L else Int64.of_int ((version sector * 1_000_003) + (64 * sector) + (i land 63)))
  done

let rec work_on_good disk versions stopped =
  let count = 1 + any 16 in
  let at = any (all - count) in
  let version sector = versions.(sector) in
  let buffer = sectors count and wanted = sectors count in
  (if Random.State.bool random then (
     for sector = at to at + count - 1 do versions.(sector) <- versions.(sector) + 1 done;
     fill version buffer at;
     Block.write disk (Int64.of_int at) [ buffer ] >|= function Ok () -> () | Error _ -> wrong "the good disk is not written")
   else
     Block.read disk (Int64.of_int at) [ buffer ] >|= function
     | Ok () ->
         fill version wanted at;
         if not (Cstruct.equal buffer wanted) then wrong "the good disk has other bytes"
     | Error _ -> wrong "the good disk is not read")
  >>= fun () ->
  incr good_operations;
  let word = sectors 1 in
  Block.read disk (Int64.of_int all) [ word ] >>= fun result ->
  if result = Ok () && Cstruct.to_string ~len:4 word = "stop" then (
    stopped := true;
    Lwt.return_unit)
  else work_on_good disk versions stopped

let beside = 1024

(* What is read into lies in the middle of what must not change. *)
let rec work_on_bad disk stopped =
  if !stopped then Lwt.return_unit
  else
    let bytes = 512 * (1 + any (if any 4 = 0 then 256 else 8)) in
    let at = Int64.of_int (any all) in
    let whole = Cstruct.create (bytes + (2 * beside)) in
    Cstruct.memset whole 0xa5;
    let middle = Cstruct.sub whole beside bytes in
    let note = function Ok () -> () | Error _ -> incr failed in
    (match any 8 with
     | 0 -> Block.flush disk >|= note
     | 1 -> Block.discard disk at (Int64.of_int (bytes / 512)) >|= note
     | 2 | 3 | 4 -> Block.write disk at [ middle ] >|= note
     | _ -> Block.read disk at [ middle ] >|= note)
    >>= fun () ->
    incr bad_operations;
    let untouched from =
      let rec same i = i = beside || (Cstruct.get_uint8 whole (from + i) = 0xa5 && same (i + 1)) in
      same 0
    in
    if not (untouched 0 && untouched (beside + bytes)) then wrong "memory beside a buffer has changed";
    Lwt.pause () >>= fun () -> work_on_bad disk stopped

let () =
  Reporter.install ();
  Scanf.sscanf (command_line ()) "queues %d" (fun queues -> Block.queues := queues);
  Main.run
    (Block.connect "51712" >>= fun good ->
     Block.connect "51728" >>= fun bad ->
     let stopped = ref false in
     Lwt.join (work_on_good good (Array.make all 0) stopped :: List.init 4 (fun _ -> work_on_bad bad stopped)));
  Fmt.pr "operations %d, of the other disk %d, failed %d\nSUCCESS\n%!" !good_operations !bad_operations !failed
