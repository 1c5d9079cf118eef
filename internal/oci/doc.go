// Package oci brings catalogues to registries and back: all reading and writing of OCI artefacts happens here.
//
// # Words
//
//	reference  oci://HOST/REPOSITORY:TAG, oci://HOST/REPOSITORY@DIGEST, or oci-layout:FOLDER with :TAG or @DIGEST
//	layout     a folder that holds artefacts as a registry would (OCI image layout), to be carried where no registry is reached
//	artefact   a catalogue as one OCI 1.1 manifest with one layer
//	digest     the SHA-256 of a manifest: it pins the whole artefact, as the manifest names its layer by digest
//	signature  of a digest by a key, an artefact of its own that refers to the manifest (a referrer)
//
// # The artefact
//
// The layer is a tar archive in gzip framing. The same folder makes the same bytes on every machine and with every build of this
// program: names are sorted, times are zero, nobody owns the files, and the bytes are stored rather than compressed, because the
// output of a compressor changes with its version and would change the digest that teams have pinned. The annotations are read from
// the catalogue. Nothing else goes in, so that packing again a year later finds the digest that is in the registry.
//
// # Signatures
//
// A signature has the form that cosign writes for referrers: a layer with the payload of simple signing, which names the digest, and
// the signature of it in an annotation. There is no transparency log and no certificate: who has the public key can verify without
// asking anyone. Where a registry has no referrers API, the tag schema of the OCI distribution specification 1.1 is used instead. A
// signature is copied with its artefact, and stays valid in another registry.
//
// A signature says who made a catalogue, not that it is the newest: who can write to the registry can move a tag back to an older
// signed one. A digest in place of the tag rules that out.
//
// # What is trusted
//
// Nothing that a registry, a layout or the cache holds. Every byte is checked against a digest before it is looked at, sizes and
// counts are limited before memory is spent, and what an archive says of its files is taken only if they are plain files with
// names that stay inside.
//
// # What it leaves out
//
// Whether a catalogue is right: package release judges that.
package oci
