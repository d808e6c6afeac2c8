(* SPDX-License-Identifier: ISC *)
(* A disk and a network interface: a sector is written and read back, and the interface has an address. *)
open Lwt.Infix
open Xen_os

let ok = function Ok () -> Lwt.return_unit | Error _ -> Lwt.fail_with "wrong"

let main () =
  Block.connect "" >>= fun disk ->
  Block.get_info disk >>= fun info ->
  let size = info.Block_lib.Mirage_block.sector_size in
  let sector = Cstruct.of_string (String.init size (fun i -> Char.chr (i land 255))) and back = Cstruct.create size in
  Block.write disk 3L [ sector ] >>= ok >>= fun () ->
  Block.read disk 3L [ back ] >>= ok >>= fun () ->
  Printf.printf "disk: %Ld sectors, %s\n%!" info.size_sectors (if Cstruct.equal sector back then "same" else "other");
  Netif.connect "" >>= fun net ->
  Printf.printf "net: mtu %d\n%!" (Netif.mtu net);
  Netif.disconnect net >>= fun () -> Block.disconnect disk

let () = Main.run (main ())
