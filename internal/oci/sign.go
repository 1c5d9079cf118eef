package oci

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// The form of cosign's signatures (sigstore/cosign, specs/SIGNATURE_SPEC.md, and its storage as referrers of OCI 1.1).
const (
	signatureType       = "application/vnd.dev.cosign.artifact.sig.v1+json"
	payloadType         = "application/vnd.dev.cosign.simplesigning.v1+json"
	payloadKind         = "cosign container image signature"
	signatureAnnotation = "dev.cosignproject.cosign/signature"
	// keyAnnotation is ours: the ID of the key. It is a hint only, to tell a wrong signature from one of another key.
	keyAnnotation = "io.github.fairway-k8s.key"

	maxSignatures = 64
	maxPayload    = 64 << 10
	maxManifest   = 1 << 20
)

// payload is what is signed.
type payload struct {
	Critical struct {
		Identity struct {
			Reference string `json:"docker-reference"` // for its reader; it is not compared, so that signatures can be copied
		} `json:"identity"`
		Image struct {
			Digest string `json:"docker-manifest-digest"`
		} `json:"image"`
		Type string `json:"type"`
	} `json:"critical"`
	Optional map[string]any `json:"optional"`
}

// signature is one signature as it was found.
type signature struct {
	Payload   []byte `json:"payload"`
	Signature []byte `json:"signature"`
	Key       string `json:"key,omitempty"` // the ID of the key that is said to have made it, or ""
	damage    error  // it could not be read
}

// sign makes a signature of a digest. The reference is for people who look at it.
func (k *PrivateKey) signDigest(d digest.Digest, reference string) (signature, error) {
	var p payload
	p.Critical.Identity.Reference, p.Critical.Image.Digest, p.Critical.Type = reference, d.String(), payloadKind
	data, err := json.Marshal(p)
	if err != nil {
		return signature{}, err
	}
	s, err := k.sign(data)
	return signature{Payload: data, Signature: s, Key: k.pub.ID()}, err
}

// of reports whether the signature is of a digest by a key.
func (s signature) of(d digest.Digest, k PublicKey) bool {
	var p payload
	return s.damage == nil && k.verifies(s.Payload, s.Signature) && json.Unmarshal(s.Payload, &p) == nil && p.Critical.Type == payloadKind && p.Critical.Image.Digest == d.String()
}

// check returns the key by which one of the signatures is right. The error tells the most that can be said otherwise.
func check(r reference, d digest.Digest, signatures []signature, keys []PublicKey) (PublicKey, signature, error) {
	p := &problem.Problem{Where: r.pinned(d), Exit: ExitRefused}
	var names []string
	for _, k := range keys {
		for _, s := range signatures {
			if s.of(d, k) {
				return k, s, nil
			}
			if s.Key == k.ID() && s.damage == nil {
				p.What, p.Why = "the signature of the catalogue is wrong", fmt.Sprintf("it says that it is by %s (%s), and it is not of this content by that key", k.Name, k.ID())
				p.Next, p.Err = "do not use the catalogue; ask who keeps it to push it again with --key, and find out who changed it", ErrSignature
			}
		}
		names = append(names, k.Name)
	}
	for _, s := range signatures {
		if s.damage != nil && p.Err == nil {
			p.What, p.Why, p.Err = "the signature of the catalogue is damaged", plain(s.damage), fmt.Errorf("%w: %w", ErrSignature, s.damage)
			p.Next = "do not use the catalogue; ask who keeps it to push it again with --key"
		}
	}
	switch {
	case p.Err != nil:
	case len(signatures) == 0:
		p.What, p.Why, p.Err = "the catalogue is not signed", "a signature by "+strings.Join(names, " or ")+" is asked for", ErrUnsigned
		p.Next = "ask who keeps the catalogue to push it with --key"
	default:
		p.What, p.Err = "the catalogue is signed with another key", ErrOtherKey
		p.Why = fmt.Sprintf("none of its signatures is by %s", strings.Join(names, " or "))
		p.Next = "ask who keeps the catalogue for its public key, on another way than the registry"
	}
	return PublicKey{}, signature{}, p
}

// signatures reads the signatures of a manifest. One that cannot be read is among them with its damage: another one may do.
func signatures(ctx context.Context, from source, subject ocispec.Descriptor) (out []signature, err error) {
	referrers, err := referrersOf(ctx, from, subject)
	if err != nil {
		return nil, err
	}
	for _, desc := range referrers {
		var m ocispec.Manifest
		data, err := fetch(ctx, from, desc, maxManifest)
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			out = append(out, signature{damage: err})
			continue
		}
		for _, layer := range m.Layers {
			if len(out) == maxSignatures {
				return out, nil
			}
			if layer.MediaType != payloadType {
				continue
			}
			s := signature{Key: layer.Annotations[keyAnnotation]}
			if s.Signature, err = base64.StdEncoding.DecodeString(layer.Annotations[signatureAnnotation]); err == nil {
				s.Payload, err = fetch(ctx, from, layer, maxPayload)
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			s.damage = err
			out = append(out, s)
		}
	}
	return out, nil
}

func referrersOf(ctx context.Context, from source, subject ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	referrers, err := registry.Referrers(ctx, from, subject, signatureType)
	return referrers[:min(len(referrers), maxSignatures)], err
}

// pushSignature writes a signature as a referrer of the manifest.
func pushSignature(ctx context.Context, to target, subject ocispec.Descriptor, s signature) error {
	layer := content.NewDescriptorFromBytes(payloadType, s.Payload)
	layer.Annotations = map[string]string{signatureAnnotation: base64.StdEncoding.EncodeToString(s.Signature), keyAnnotation: s.Key}
	// Registries and tools from before OCI 1.1 know the type of an artefact by its configuration.
	config := content.NewDescriptorFromBytes(signatureType, ocispec.DescriptorEmptyJSON.Data)
	data, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: signatureType,
		Config: config, Layers: []ocispec.Descriptor{layer}, Subject: &subject,
	})
	if err != nil {
		return err
	}
	return pushAll(ctx, to,
		blob{config, ocispec.DescriptorEmptyJSON.Data},
		blob{layer, s.Payload},
		blob{content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, data), data})
}

// copySignatures copies all signatures of a manifest, by whomever they are.
func copySignatures(ctx context.Context, from source, to target, subject ocispec.Descriptor) error {
	referrers, err := referrersOf(ctx, from, subject)
	if err != nil {
		return err
	}
	for _, desc := range referrers {
		data, err := fetch(ctx, from, desc, maxManifest)
		if err != nil {
			return err
		}
		var m ocispec.Manifest
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		var all []blob
		for _, x := range append(m.Layers, m.Config) {
			part, err := fetch(ctx, from, x, maxPayload)
			if err != nil {
				return err
			}
			all = append(all, blob{x, part})
		}
		if err := pushAll(ctx, to, append(all, blob{desc, data})...); err != nil {
			return err
		}
	}
	return nil
}

// blob is content with what describes it.
type blob struct {
	desc ocispec.Descriptor
	data []byte
}

// pushAll writes blobs in their order: a registry wants the parts before the manifest that names them.
func pushAll(ctx context.Context, to target, blobs ...blob) error {
	for _, b := range blobs {
		there, err := to.Exists(ctx, b.desc)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if err := to.Push(ctx, b.desc, bytes.NewReader(b.data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			return err
		}
	}
	return nil
}
