(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Xen_os
open Xen
open Fake

let usable = 64 - 8
let peer = 0
let fill page c = Cstruct.memset (Pages.to_cstruct page) (Char.code c)
let get_all () = Export.get_n_nonblock (Export.num_free_grants ())
let byte page offset = Cstruct.get_char (Pages.to_cstruct page) offset
let grant ref = { Import.domid = peer; ref }

let () =
  test "references: all of them, each once" @@ fun () ->
  int "free" usable (Export.num_free_grants ());
  let all = get_all () in
  int "taken" usable (List.length (List.sort_uniq compare all));
  check "no more" (Export.get_nonblock () = None && Export.get_n_nonblock 1 = []);
  List.iter Export.put all;
  int "free" usable (Export.num_free_grants ());
  check "too many" (Export.get_n_nonblock (usable + 1) = []);
  raises "put twice" is_invalid (fun () -> Export.put (List.hd all));
  raises "put a reserved one" is_invalid (fun () -> Export.put console);
  raises "more than the table has" is_invalid (fun () -> Main.run (Export.get_n (usable + 1) >|= ignore))

let () =
  test "waiting is fair, and cancelling lets the next one through" @@ fun () ->
  let all = get_all () in
  let order = ref [] in
  let waiter name count = Export.get_n count >|= fun refs -> order := name :: !order; refs in
  let large = waiter "large" 3 in
  let small = waiter "small" 1 in
  let huge = waiter "huge" 40 in
  let last = waiter "last" 1 in
  (match all with
  | a :: b :: c :: d :: e :: rest ->
      Export.put a;
      Export.put b;
      check "the small one does not overtake" (!order = []);
      check "nor does one that would not wait" (Export.get_nonblock () = None);
      Export.put c;
      Export.put d;
      strings "in order" [ "large"; "small" ] (List.rev !order);
      Export.put e;
      check "the last one waits for the huge one" (Lwt.is_sleeping last);
      Lwt.cancel huge;
      strings "the next one" [ "large"; "small"; "last" ] (List.rev !order);
      List.iter Export.put rest
  | _ -> check "enough references" false);
  let give promise = Main.run (promise >|= List.iter Export.put) in
  List.iter give [ large; small; last ];
  int "none lost" usable (Export.num_free_grants ())

let () =
  test "a page is shared, mapped, copied and taken back" @@ fun () ->
  let share = Export.share_pages_exn ~domid:peer ~count:3 ~writable:true in
  let refs = Export.refs share in
  int "references" 3 (List.length refs);
  List.iteri (fun i page -> fill page (Char.chr (97 + i))) (Pages.to_pages (Export.mapping share));
  let second = grant (List.nth refs 1) in
  let mapping = Import.map_exn second ~writable:true in
  check "the second page" (byte (Import.Local_mapping.to_buf mapping) 4095 = 'b');
  (match Export.try_unshare ~release_refs:true share with
  | Error `Busy -> int "remain" 2 (List.length (Export.refs share))
  | Ok () -> check "busy" false);
  let unshared = Export.unshare ~release_refs:true share in
  Main.run (Time.sleep_ns 5_000_000_000L);
  check "still waiting" (Lwt.is_sleeping unshared);
  Import.Local_mapping.unmap_exn mapping;
  raises "unmap twice" is_failure (fun () -> Import.Local_mapping.unmap_exn mapping);
  Main.run unshared;
  int "all free" usable (Export.num_free_grants ());
  check "revoked" (match Import.map second ~writable:false with Error (`Msg _) -> true | Ok _ -> false)

let () =
  test "read-only access, and copies" @@ fun () ->
  let page = Pages.get 1 and other = Pages.get 2 in
  fill page 'x';
  let run f = Main.run (Export.with_ref (fun ref -> Export.with_grant ~domid:peer ~writable:false ref page (fun () -> f ref; Lwt.return_unit))) in
  run (fun ref ->
      check "not writable" (match Import.map (grant ref) ~writable:true with Error (`Msg _) -> true | Ok _ -> false);
      let from ~src_off ~dst_off ~len = Import.copy_from ~domid:peer ~gref:ref ~src_off ~dst:other ~dst_off ~len in
      check "copied over a page's end" (from ~src_off:10 ~dst_off:4000 ~len:200 = Ok ());
      check "all of it" (byte other 4000 = 'x' && byte other 4199 = 'x');
      check "and no more" (byte other 3999 = '\000' && byte other 4200 = '\000');
      let refused result = match result with Error (`Msg _) -> true | Ok () -> false in
      check "past the page" (refused (from ~src_off:4000 ~dst_off:0 ~len:97));
      check "past the buffer" (refused (from ~src_off:0 ~dst_off:8000 ~len:193));
      check "negative" (refused (from ~src_off:(-1) ~dst_off:0 ~len:1));
      check "to a page that may only be read"
        (refused (Import.copy_to ~src:other ~src_off:0 ~domid:peer ~gref:ref ~dst_off:0 ~len:1)));
  Main.run
    (Import.with_mapping (grant (Xen.Gntref.of_int32 9999l)) ~writable:false (fun _ -> Lwt.return_unit) >|= function
     | Error (`Msg _) -> ()
     | Ok () -> check "bad reference" false);
  int "all free" usable (Export.num_free_grants ())

let () =
  test "access ends when the function fails too" @@ fun () ->
  let pages = Pages.pages 3 in
  let failing () =
    Export.with_refs 3 (fun refs -> Export.with_grants ~domid:peer ~writable:true refs pages (fun () -> Lwt.fail Exit))
  in
  raises "the function's exception" (( = ) Exit) (fun () -> Main.run (failing ()));
  int "all free" usable (Export.num_free_grants ());
  raises "as many pages as references" is_invalid (fun () ->
      Main.run (Export.with_refs 2 (fun refs -> Export.with_grants ~domid:peer ~writable:true refs pages Lwt.return)))

let () =
  test "a reference that still gives access is not reused" @@ fun () ->
  let ref = Option.get (Export.get_nonblock ()) in
  Export.grant_access ~domid:peer ~writable:false ref (Pages.get 1);
  Export.put ref;
  int "kept back" (usable - 1) (Export.num_free_grants ());
  check "taken back" (Export.try_end_access ~release_ref:true ref = Ok ());
  int "all free" usable (Export.num_free_grants ())

let () =
  test "a granted page is not collected" @@ fun () ->
  let collected = ref 0 in
  let ref = Option.get (Export.get_nonblock ()) in
  (let page = Pages.get 1 in
   Gc.finalise_last (fun () -> incr collected) page;
   Export.grant_access ~domid:peer ~writable:true ref page);
  Gc.full_major ();
  int "kept" 0 !collected;
  check "ended" (Export.try_end_access ~release_ref:true ref = Ok ());
  Gc.full_major ();
  int "collected" 1 !collected

let () =
  test "a full table refuses to share, and waits" @@ fun () ->
  let all = get_all () in
  check "full" (Export.share_pages ~domid:peer ~count:1 ~writable:false = Error `Grant_table_full);
  raises "full" is_failure (fun () -> Export.share_pages_exn ~domid:peer ~count:1 ~writable:false);
  List.iter Export.put all;
  raises "no page" is_invalid (fun () -> Export.share_pages ~domid:peer ~count:0 ~writable:false)
