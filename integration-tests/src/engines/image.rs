//! The image that containers are made of: a busybox in three layers, as an archive that every engine can load. No
//! registry is needed.

use crate::case::{Doing, Outcome};
use crate::engines::lab::Lab;
use serde_json::{Value, json};
use std::fs;

/// Its name in every engine.
pub(crate) const IMAGE: &str = "localhost/busybox:1";

/// Fills the layers. The second deletes `/data/gone` and everything in `/data/opaque` that the first has put there (the
/// image specification's whiteouts); the third replaces a file.
const LAYERS: &str = r#"
set -e
mkdir -p one/bin one/dev one/etc one/proc one/root one/sys one/tmp one/var one/data/opaque one/volume two/data/opaque three/data
cp "$(command -v busybox)" one/bin/busybox
for applet in $(one/bin/busybox --list); do
    [ -e "one/bin/$applet" ] || ln -s busybox "one/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n' >one/etc/passwd
printf 'root:x:0:\nuser:x:1000:\n' >one/etc/group
printf '#!/bin/sh\ntrap "exit 0" TERM INT\nwhile :; do sleep 1000 & wait $!; done\n' >one/bin/pause
chmod 755 one/bin/pause
chmod 1777 one/tmp
echo seed >one/volume/seed
for name in kept gone replaced opaque/first; do echo one >one/data/$name; done
: >two/data/.wh.gone
: >two/data/opaque/.wh..wh..opq
echo two >two/data/opaque/second
echo three >three/data/replaced
for layer in one two three; do
    tar --create --file=$layer.tar --owner=0 --group=0 --numeric-owner --directory=$layer .
done
"#;

/// Writes the archive: an OCI layout that is Docker's own kind of archive as well.
pub(crate) fn archive(lab: &Lab) -> Outcome<String> {
    let dir = lab.folder("image")?;
    lab.host_sh(&format!("cd {dir}\n{LAYERS}"))?;
    let layers: Vec<Blob> = ["one", "two", "three"]
        .iter()
        .map(|name| Blob::of(lab, &format!("{name}.tar"), "application/vnd.oci.image.layer.v1.tar"))
        .collect::<Outcome<_>>()?;
    let config = Blob::json(lab, &config(&layers), "application/vnd.oci.image.config.v1+json")?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config.descriptor(),
        "layers": layers.iter().map(Blob::descriptor).collect::<Vec<_>>(),
    });
    let manifest = Blob::json(lab, &manifest, "application/vnd.oci.image.manifest.v1+json")?;
    index(lab, &manifest, &config, &layers)?;
    let archive = lab.path("image.tar");
    lab.host_sh(&format!("cd {dir} && tar -cf {archive} oci-layout index.json manifest.json blobs"))?;
    Ok(archive)
}

fn config(layers: &[Blob]) -> Value {
    json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": {
            "Env": ["PATH=/bin", "FROM_IMAGE=yes"],
            "Cmd": ["/bin/pause"],
            "WorkingDir": "/",
            "Volumes": {"/volume": {}},
        },
        "rootfs": {"type": "layers", "diff_ids": layers.iter().map(Blob::digest).collect::<Vec<_>>()},
    })
}

fn index(lab: &Lab, manifest: &Blob, config: &Blob, layers: &[Blob]) -> Outcome {
    let mut entry = manifest.descriptor();
    entry["annotations"] =
        json!({"io.containerd.image.name": IMAGE, "org.opencontainers.image.ref.name": IMAGE});
    lab.file("image/index.json", &json!({"schemaVersion": 2, "manifests": [entry]}).to_string())?;
    lab.file("image/oci-layout", &json!({"imageLayoutVersion": "1.0.0"}).to_string())?;
    let layers: Vec<String> = layers.iter().map(Blob::path).collect();
    let docker = json!([{"Config": config.path(), "RepoTags": [IMAGE], "Layers": layers}]);
    lab.file("image/manifest.json", &docker.to_string()).map(drop)
}

/// A file of the layout, named by its digest.
struct Blob {
    hash: String,
    size: u64,
    kind: &'static str,
}

impl Blob {
    /// Moves a file of the image's directory into the layout.
    fn of(lab: &Lab, name: &str, kind: &'static str) -> Outcome<Self> {
        let file = lab.path(&format!("image/{name}"));
        let sums = lab.host(&["sha256sum", &file])?.output()?.ok()?.stdout;
        let hash = sums.split_whitespace().next().unwrap_or_default().to_owned();
        let size = fs::metadata(&file).doing("stat a blob")?.len();
        let blob = Self { hash, size, kind };
        lab.folder("image/blobs/sha256")?;
        fs::rename(file, lab.path(&format!("image/{}", blob.path()))).doing("move a blob")?;
        Ok(blob)
    }

    fn json(lab: &Lab, value: &Value, kind: &'static str) -> Outcome<Self> {
        lab.file("image/new.json", &value.to_string())?;
        Self::of(lab, "new.json", kind)
    }

    fn digest(&self) -> String {
        format!("sha256:{}", self.hash)
    }

    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.hash)
    }

    fn descriptor(&self) -> Value {
        json!({"mediaType": self.kind, "digest": self.digest(), "size": self.size})
    }
}
