package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/problem"
)

// What an artefact that is a catalogue says of itself and of its layer.
const (
	ArtefactType = "application/vnd.fairway.catalogue.v1+json"
	LayerType    = "application/vnd.fairway.catalogue.v1.tar+gzip"
)

// Artefact is a catalogue as it goes to a registry or came from one. It has been read whole and fits its digest.
type Artefact struct {
	Title, Version string // as the manifest says; Version is "" for a catalogue without a changelog
	manifest       []byte
	layer          []byte
	files          files
}

// Digest pins the artefact.
func (a *Artefact) Digest() string { return a.digest().String() }

func (a *Artefact) digest() digest.Digest { return digest.FromBytes(a.manifest) }

func (a *Artefact) descriptor() ocispec.Descriptor {
	return content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, a.manifest)
}

// Files is the number of files, Size that of the layer's bytes.
func (a *Artefact) Files() int  { return len(a.files) }
func (a *Artefact) Size() int64 { return int64(len(a.layer)) }

// Pack makes an artefact of a folder, which is named for its reader. The same files make the same artefact.
func Pack(fsys fs.FS, name string) (*Artefact, error) {
	refuse := func(err error, next string) error {
		return &problem.Problem{What: "cannot pack the catalogue", Where: name, Why: problem.Plain(err), Next: next, Err: err}
	}
	c, err := goldenpath.Open(fsys)
	if err != nil {
		return nil, refuse(err, "make its files readable")
	}
	about, err := c.About()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(errors.New("it has no catalogue.yaml"), "name the folder of a catalogue, or begin one: fairway catalogue init")
	}
	if err != nil {
		return nil, refuse(err, "fairway catalogue lint "+name)
	}
	releases, err := c.Releases()
	if err != nil {
		return nil, refuse(err, "fairway catalogue lint "+name)
	}
	a := &Artefact{Title: about.Title}
	if a.Title == "" {
		a.Title = about.Name
	}
	annotations := map[string]string{ocispec.AnnotationTitle: a.Title}
	if len(releases) > 0 {
		a.Version = releases[0].Version
		annotations[ocispec.AnnotationVersion] = a.Version
		annotations[ocispec.AnnotationCreated] = releases[0].Date + "T00:00:00Z"
	}
	if about.Owner != "" {
		annotations[ocispec.AnnotationAuthors] = about.Owner
	}
	if a.files, err = gather(fsys); err != nil {
		return nil, refuse(err, "leave in the folder only what belongs to the catalogue, as plain files")
	}
	if a.layer, err = a.files.pack(); err != nil {
		return nil, refuse(err, "give the files plain names")
	}
	layer := content.NewDescriptorFromBytes(LayerType, a.layer)
	layer.Annotations = map[string]string{ocispec.AnnotationTitle: "catalogue.tar.gz"} // the name under which other tools save it
	a.manifest, err = json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: ArtefactType,
		Config: ocispec.DescriptorEmptyJSON, Layers: []ocispec.Descriptor{layer}, Annotations: annotations,
	})
	return a, err
}

// readArtefact reads an artefact. What the cache has is not asked for.
func readArtefact(ctx context.Context, from source, r reference, c cache) (*Artefact, error) {
	a := &Artefact{}
	var there bool
	if a.manifest, there = c.read(r.digest); !there {
		var err error
		if a.manifest, err = fetchManifest(ctx, from, r.version()); err != nil {
			return nil, err
		}
		if r.digest != "" && a.digest() != r.digest { // whatever the store below has looked at
			return nil, ErrDamaged
		}
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(a.manifest, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCatalogue, err)
	}
	if m.MediaType != ocispec.MediaTypeImageManifest || m.ArtifactType != ArtefactType {
		kind := m.ArtifactType
		if kind == "" {
			kind = m.MediaType
		}
		return nil, fmt.Errorf("%w: it is of the type %q", ErrNoCatalogue, kind)
	}
	if len(m.Layers) != 1 || m.Layers[0].MediaType != LayerType {
		return nil, fmt.Errorf("%w: it has not the one layer of a catalogue", ErrNoCatalogue)
	}
	a.Title, a.Version = m.Annotations[ocispec.AnnotationTitle], m.Annotations[ocispec.AnnotationVersion]
	if a.layer, there = c.read(m.Layers[0].Digest); !there {
		var err error
		if a.layer, err = fetch(ctx, from, m.Layers[0], maxArchive); err != nil {
			return nil, err
		}
	}
	var err error
	if a.files, err = unpack(a.layer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCatalogue, err)
	}
	return a, nil
}

// push writes the artefact without a tag.
func (a *Artefact) push(ctx context.Context, to target) error {
	var m ocispec.Manifest
	if err := json.Unmarshal(a.manifest, &m); err != nil {
		return err
	}
	return pushAll(ctx, to, blob{ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data}, blob{m.Layers[0], a.layer}, blob{a.descriptor(), a.manifest})
}
