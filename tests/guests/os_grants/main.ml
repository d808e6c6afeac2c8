(* SPDX-License-Identifier: ISC *)
(* Grants of a domain to itself: copied, refused, given and taken back. Not mapped: Xen would move the page to where it is
   mapped, away from where it is owned. *)

open Lwt.Infix
open Xen_os
open Xen

let check what condition =
  if not condition then (
    Printf.printf "FAILED: %s\n" what;
    exit 1)

let is_error = function Ok _ -> false | Error (`Msg message) -> Printf.printf "refused: %s\n" message; true
let set page offset c = Cstruct.set_char (Pages.to_cstruct page) offset c
let get page offset = Cstruct.get_char (Pages.to_cstruct page) offset
let domid xs = Xs.immediate xs (fun h -> Xs.read h "domid") >|= int_of_string

let copying me =
  let page = Pages.get 1 and buffer = Pages.get 2 in
  Cstruct.memset (Pages.to_cstruct page) (Char.code 'p');
  Export.with_ref (fun gref ->
      Export.with_grant ~domid:me ~writable:false gref page (fun () ->
          check "copied" (Import.copy_from ~domid:me ~gref ~src_off:10 ~dst:buffer ~dst_off:4000 ~len:200 = Ok ());
          check "all of it" (get buffer 4000 = 'p' && get buffer 4199 = 'p');
          check "and no more" (get buffer 3999 = '\000' && get buffer 4200 = '\000');
          check "read only" (is_error (Import.copy_to ~src:buffer ~src_off:0 ~domid:me ~gref ~dst_off:0 ~len:1));
          check "past the page" (is_error (Import.copy_from ~domid:me ~gref ~src_off:4000 ~dst:buffer ~dst_off:0 ~len:97));
          Lwt.return_unit))
  >>= fun () ->
  Export.with_ref (fun gref ->
      Export.with_grant ~domid:me ~writable:true gref page (fun () ->
          Cstruct.blit_from_string "hello" 0 (Pages.to_cstruct buffer) 4094 5;
          check "copied" (Import.copy_to ~src:buffer ~src_off:4094 ~domid:me ~gref ~dst_off:100 ~len:5 = Ok ());
          check "there" (Cstruct.to_string (Cstruct.sub (Pages.to_cstruct page) 100 5) = "hello");
          Lwt.return_unit))

(* A driver's use of memory: nothing may be left behind. *)
let cycles me count =
  let free = Export.num_free_grants () in
  let buffer = Pages.get 1 in
  for _ = 1 to count do
    let share = Export.share_pages_exn ~domid:me ~count:4 ~writable:true in
    let gref = List.hd (Export.refs share) in
    check "copied" (Import.copy_from ~domid:me ~gref ~src_off:0 ~dst:buffer ~dst_off:0 ~len:4096 = Ok ());
    check "unshared" (Export.try_unshare ~release_refs:true share = Ok ());
    if count mod 100 = 0 then Gc.full_major ()
  done;
  check "no reference is lost" (Export.num_free_grants () = free)

(* More pages than one frame of the table has entries for, all at the same time. *)
let many me =
  let free = Export.num_free_grants () in
  Printf.printf "%d references\n" free;
  let shares = List.init 1500 (fun _ -> Export.share_pages_exn ~domid:me ~count:1 ~writable:false) in
  check "in use" (Export.num_free_grants () = free - 1500);
  List.iter (fun share -> check "unshared" (Export.try_unshare ~release_refs:true share = Ok ())) shares;
  check "all free" (Export.num_free_grants () = free)

let main () =
  Xs.make () >>= domid >>= fun me ->
  copying me >|= fun () ->
  cycles me 2000;
  many me

let () =
  Main.run (main ());
  print_endline "ok"
