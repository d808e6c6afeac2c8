# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# Packages of any Debian release, downloaded with apt from the mirror that this machine uses and unpacked below a folder:
# nothing is installed, no root is needed. For lab/prepare and lab/compiler, which set `cache`, `update` (yes or no), `say`
# and `die`.

# A private apt for one release: own index, own idea of what is installed (nothing).
private_apt() { # private_apt RELEASE; sets APT_CONFIG
	local dir=$cache/apt/$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	command -v apt-get >/dev/null || die "missing: apt-get (Debian's package tools download what the lab boots)"
	command -v dpkg-deb >/dev/null || die "missing: dpkg-deb (Debian package: dpkg)"
	[[ -e $keyring ]] || die "missing: $keyring (Debian package: debian-archive-keyring)"
	# An index that was made elsewhere, in a cache that was copied or moved, names the paths of that place.
	if [[ ! -e $dir/fetched || $update = yes ]] || ! grep -qF "Dir::State \"$dir\"" "$dir/apt.conf"; then
		unset APT_CONFIG # that of another release
		mkdir -p "$dir/lists/partial" "$dir/archives/partial"
		: >"$dir/status"
		sources "$1" "$keyring" >"$dir/sources.list"
		# This machine's proxy and the like, but none of its hooks, folders and pins.
		apt-config dump | grep -E "^Acquire::(https?|Proxy|Force)" >"$dir/apt.conf.new" || true
		cat >>"$dir/apt.conf.new" <<-END
			Dir::Etc::main "/dev/null"; Dir::Etc::parts "/dev/null";
			Dir::State "$dir"; Dir::State::lists "$dir/lists"; Dir::State::status "$dir/status";
			Dir::Cache "$dir"; Dir::Cache::archives "$dir/archives";
			Dir::Etc::sourcelist "$dir/sources.list"; Dir::Etc::sourceparts "/dev/null";
			Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
			APT::Architecture "amd64"; APT::Architectures { "amd64"; }; APT::Install-Recommends "false";
			APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
			Acquire::Retries "3"; APT::Update::Error-Mode "any"; Debug::NoLocking "true";
		END
		mv "$dir/apt.conf.new" "$dir/apt.conf"
		export APT_CONFIG=$dir/apt.conf
		say "reading the package index of Debian $1"
		apt-get update -qq >&2 || die "the package index of Debian $1 could not be read"
		touch "$dir/fetched"
	fi
	export APT_CONFIG=$dir/apt.conf
}

# The archives of another release lie where the host's own do: same mirror, other name.
sources() { # sources RELEASE KEYRING
	local main=${MIRAGE_XEN_DEBIAN_MIRROR-} security='' uri suite origin
	if [[ -z $main ]]; then
		origin=$(. /etc/os-release && echo "${ID-}")
		[[ $origin = debian ]] || die "this is no Debian system: name a Debian mirror in MIRAGE_XEN_DEBIAN_MIRROR"
		while read -r uri suite; do
			case $suite in
			*-security) security=${security:-$uri} ;;
			*-*) ;;
			*) main=${main:-$uri} ;;
			esac
		done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main')
		[[ -n $main ]] || die "apt names no Debian mirror on this machine (looked with: apt-get indextargets)"
	fi
	echo "deb [signed-by=$2] $main $1 main"
	[[ -z $security ]] || echo "deb [signed-by=$2] $security $1-security main"
}

# Unpack packages and all they depend on below a folder, with /bin, /lib and /sbin merged into /usr. In a shell of its own, so
# that the downloads go away however it ends; `die` ends the caller by `set -e`.
unpack() ( # unpack ROOT [--no-dependencies] PACKAGE...
	local root=$1 deb folder uri name
	shift
	local downloads
	downloads=$(mktemp -d "$cache/debs.XXXXXX")
	trap 'rm -rf "$downloads"' EXIT
	if [[ $1 = --no-dependencies ]]; then
		shift
		(cd "$downloads" && apt-get download -qq "$@" >&2) || die "could not download: $* (lab/prepare --update looks for newer ones)"
	else
		apt-get install -y -qq --download-only -o "Dir::Cache::archives=$downloads/" "$@" </dev/null >/dev/null ||
			die "could not download: $* (lab/prepare --update looks for newer ones)"
	fi
	mkdir -p "$root/usr"/{bin,sbin,lib,lib64}
	for folder in bin sbin lib lib64; do
		[[ -e $root/$folder ]] || ln -s "usr/$folder" "$root/$folder"
	done
	for deb in "$downloads"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root" \
			--exclude=./usr/share/{doc,locale,man,info,lintian} --exclude=./dev \
			--exclude=./{usr/,}lib/modules/*/kernel/{sound,drivers/{gpu,media,usb,scsi,infiniband,staging,iio,hwmon}} \
			--exclude=./{usr/,}lib/modules/*/kernel/drivers/net/{ethernet,wireless} ||
			die "could not unpack $(basename "$deb")"
	done
	# Links to absolute paths would lead to this machine's own files.
	find "$root" -lname '/*' -print0 | while IFS= read -r -d '' link; do
		ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$root$(readlink "$link")")" "$link"
	done
)

version_of() { # the candidate version of a package in the private apt
	apt-cache policy "$1" | sed -n 's/^  Candidate: //p'
}
