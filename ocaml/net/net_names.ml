(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Net_lib

let folder number = Printf.sprintf "device/vif/%d/" number
let mac number = Xen_frontend.read (folder number ^ "mac") >|= fun text -> Option.bind text (fun text -> Result.to_option (Macaddr.of_string text))

let find id =
  Xen_frontend.numbers "vif" >>= fun numbers ->
  let digits = if String.length id > 3 && String.sub id 0 3 = "vif" then String.sub id 3 (String.length id - 3) else id in
  let wanted =
    match (int_of_string_opt digits, Macaddr.of_string id) with
    | Some number, _ -> Lwt.return (List.find_opt (( = ) number) numbers)
    | None, Ok wanted ->
        Lwt_list.filter_s (fun number -> mac number >|= function Some own -> Macaddr.compare own wanted = 0 | None -> false) numbers
        >|= fun found -> List.nth_opt found 0
    | None, Error _ -> Lwt.return (if id = "" then List.nth_opt numbers 0 else None)
  in
  wanted >>= function
  | Some number -> Lwt.return number
  | None ->
      let show number = mac number >|= fun mac -> Fmt.str "%d%a" number Fmt.(option (any " (" ++ Macaddr.pp ++ any ")")) mac in
      Lwt_list.map_s show numbers >>= fun names ->
      Lwt.fail_with
        (Printf.sprintf "Netif.connect: the domain has no network interface %S; it has: %s" id
           (if names = [] then "none" else String.concat ", " names))
