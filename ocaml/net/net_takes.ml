(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

type offload = [ `Checksum_v4 | `Checksum_v6 | `Segments_v4 | `Segments_v6 ]
type t = { scatter_gather : bool; offloads : offload list }

let nothing = { scatter_gather = false; offloads = [] }

let read (backend : Xen_frontend.backend) =
  let says name = backend.read name >|= ( = ) (Some "1") in
  let when_ yes offload = if yes then [ offload ] else [] in
  says "feature-sg" >>= fun scatter_gather ->
  says "feature-no-csum-offload" >>= fun no_v4 ->
  says "feature-ipv6-csum-offload" >>= fun v6 ->
  says "feature-gso-tcpv4" >>= fun gso_v4 ->
  says "feature-gso-tcpv6" >|= fun gso_v6 ->
  {
    scatter_gather;
    offloads = when_ (not no_v4) `Checksum_v4 @ when_ v6 `Checksum_v6 @ when_ gso_v4 `Segments_v4 @ when_ gso_v6 `Segments_v6;
  }

let page_size = 4096
let leaves ~v6 ~segment = 1 lor (if v6 then 2 else 0) lor (segment lsl 16)
let segment leaves = leaves lsr 16

let packet t size leaves =
  let takes v4 v6 = List.mem (if leaves land 2 = 0 then v4 else v6) t.offloads in
  (size <= page_size || t.scatter_gather)
  && (leaves land 1 = 0 || takes `Checksum_v4 `Checksum_v6)
  && (segment leaves = 0 || takes `Segments_v4 `Segments_v6)
