(* Promises, big numbers and ciphers from the host's libraries, over two modules of its own. *)
open Lwt.Infix

let hex s = String.concat "" (List.map (fun c -> Printf.sprintf "%02x" (Char.code c)) (List.of_seq (String.to_seq s)))

let main () =
  Lwt_list.map_p (fun n -> Xen_os.Time.sleep_ns (Int64.of_int (n * 1_000_000)) >|= fun () -> Numbers.factorial n) [ 30; 20; 10 ]
  >|= fun found ->
  List.iter (fun z -> print_endline (Z.to_string z)) found;
  print_endline (hex (Cipher.aes ~key:Words.key Words.block))

let () = Xen_os.Main.run (main ())
