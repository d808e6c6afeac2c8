(* SPDX-License-Identifier: ISC *)
(* An interface's rings and pages, which are Rust's: c_stubs/mirage_devices.c says what each does. *)

type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

external take : int -> int -> int = "mirage_xen_net_take" [@@noalloc]
external references : int -> int = "mirage_xen_net_references" [@@noalloc]
external give : int -> int = "mirage_xen_net_give" [@@noalloc]
external offer : int -> int -> int -> int = "mirage_xen_net_offer" [@@noalloc]
external reference : int -> int -> bool -> int = "mirage_xen_net_reference" [@@noalloc]
external take_page : int -> int -> int = "mirage_xen_net_take_page" [@@noalloc]
external page_at : int -> buffer = "mirage_xen_device_page"
external send_page : int -> int -> int -> int -> int = "mirage_xen_net_send_page" [@@noalloc]
external send : int -> buffer -> int -> int -> int -> int = "mirage_xen_net_send" [@@noalloc]
external receive : int -> buffer -> int -> int -> int -> int = "mirage_xen_net_receive" [@@noalloc]
external receive_whole : int -> buffer -> int -> int -> int = "mirage_xen_net_receive_whole" [@@noalloc]
external ask_packet : int -> int = "mirage_xen_net_ask_packet" [@@noalloc]
external ask_room : int -> int = "mirage_xen_net_ask_room" [@@noalloc]
external in_flight : int -> int = "mirage_xen_net_in_flight" [@@noalloc]
external statistic : int -> int -> int = "mirage_xen_net_statistic" [@@noalloc]

(* Which of the statistics. *)
let received, received_bytes, received_dropped, sent, sent_bytes, sent_dropped = (0, 1, 2, 3, 4, 5)
