(* SPDX-License-Identifier: ISC *)

include Xs_lib.Client

(* One for the domain, made when first asked for; a failure to make it is not kept. *)
let the_client = ref None
let make_one = make

let make () =
  match !the_client with
  | Some client when match Lwt.state client with Lwt.Fail _ -> false | _ -> true -> Lwt.protected client
  | _ ->
      let client = make_one () in
      the_client := Some client;
      Lwt.protected client
