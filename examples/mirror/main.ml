(* SPDX-License-Identifier: ISC *)
(* A packet mirror: what comes in on either of the domain's two network interfaces goes out on the other, as it is, so that
   two networks become one. `make run EXAMPLE=mirror`. It ends when the toolstack asks it to. *)

open Lwt.Infix
open Xen_os

(* Each frame is copied once, to where the other interface sends it from. Where that has no room, [Netif.write] waits a little and
   then drops, as a switch does. *)
let forward into frame =
  let size = Cstruct.length frame in
  Netif.write into ~size (fun copy ->
      Cstruct.blit frame 0 copy 0 size;
      size)
  >|= function
  | Ok () | Error `Disconnected -> ()
  | Error error -> Fmt.pr "mirror: a frame of %d bytes: %a\n%!" size Netif.pp_error error

let main () =
  Lwt.both (Netif.connect "0") (Netif.connect "1") >>= fun (left, right) ->
  Fmt.pr "mirror: %a and %a\n%!" Net_lib.Macaddr.pp (Netif.mac left) Net_lib.Macaddr.pp (Netif.mac right);
  let listening =
    [ Netif.listen left ~header_size:14 (forward right); Netif.listen right ~header_size:14 (forward left) ]
  in
  Lifecycle.await_shutdown_request ~can_poweroff:true ~can_reboot:true () >>= fun _ ->
  let count (net : Netif.t) = (Netif.get_stats_counters net).rx_pkts in
  let from_left, from_right = (count left, count right) in
  Netif.disconnect left >>= fun () ->
  Netif.disconnect right >>= fun () ->
  Lwt_list.iter_s (fun ended -> ended >|= fun _ -> ()) listening >|= fun () ->
  Fmt.pr "mirror: %ld frames one way, %ld the other\n%!" from_left from_right

let () =
  Reporter.install ();
  Main.run (main ())
