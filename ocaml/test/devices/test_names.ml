(* SPDX-License-Identifier: ISC *)

let check what condition = if not condition then failwith what

(* Numbers of xen-vbd-interface(7) and of Linux's devices.txt. *)
let disks =
  [
    ("xvda", Some 51712);
    ("xvdb", Some 51728);
    ("/dev/xvda", Some 51712);
    ("xvda1", Some 51713);
    ("xvdp15", Some 51967);
    ("xvdq", Some 268439552);
    ("xvda16", Some 268435472);
    ("xvdaa", Some 268442112);
    ("d0", Some 51712);
    ("d0p1", Some 51713);
    ("d16", Some 268439552);
    ("hda", Some 768);
    ("hdb", Some 832);
    ("hdc", Some 5632);
    ("hdd2", Some 5698);
    ("sda", Some 2048);
    ("sdb3", Some 2067);
    ("51712", Some 51712);
    ("0", Some 0);
    ("", None);
    ("xvd", None);
    ("xvda0", None);
    ("xvda01", None);
    ("xvd1", None);
    ("xvda-1", None);
    ("xvdaaaaa", None);
    ("hde", None);
    ("sdq", None);
    ("sda16", None);
    ("0x10", None);
    ("1_0", None);
    ("-1", None);
    ("eth0", None);
    ("d0p", None);
    ("/dev//xvda", None);
    ("9999999999", None);
  ]

let addresses () =
  let open Net_own.Macaddr in
  let round text = Result.map to_string (of_string text) in
  check "colons" (round "00:16:3E:ab:Cd:ef" = Ok "00:16:3e:ab:cd:ef");
  check "hyphens" (round "00-16-3e-00-00-01" = Ok "00:16:3e:00:00:01");
  check "another separator" (to_string ~sep:'-' broadcast = "ff-ff-ff-ff-ff-ff");
  let bad text = check text (Result.is_error (of_string text)) in
  List.iter bad [ ""; "00:16:3e:00:00"; "00:16:3e:00:00:0"; "00:16:3e:00:00:001"; "00:16-3e:00:00:01"; "0g:16:3e:00:00:01"; "001:6:3e:00:00:01" ];
  check "octets" (of_octets "123456" = Ok (of_octets_exn "123456") && Result.is_error (of_octets "12345"));
  check "unicast" (is_unicast (of_string_exn "02:00:00:00:00:01") && not (is_unicast broadcast));
  check "local" (is_local (of_string_exn "02:00:00:00:00:01") && not (is_local (of_string_exn "00:16:3e:00:00:01")))

let () =
  List.iter (fun (name, number) -> check name (Device_name.number name = number)) disks;
  addresses ();
  print_endline "names of disks and addresses of interfaces: ok"
