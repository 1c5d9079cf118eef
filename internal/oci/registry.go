package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// Options say how artefacts are reached and what is asked of them. The zero value reads from any registry and asks for no signature.
type Options struct {
	// PublicKeys: a signature by one of them is asked for. Without any, signatures are not looked at.
	PublicKeys []PublicKey
	// PlainHTTP speaks HTTP to the registry. One on this machine (localhost) is always spoken to in HTTP, as Docker and others do.
	PlainHTTP bool
	// Timeout is for all that is asked of a registry together; 0 means DefaultTimeout.
	Timeout time.Duration
	// Cache is the folder of Open's cache; "" means fairway/catalogues in the user's cache folder.
	Cache string
}

// DefaultTimeout is long enough for 64 MB over a slow line.
const DefaultTimeout = 2 * time.Minute

func (o Options) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return context.WithTimeout(ctx, o.Timeout)
}

// The kinds of refusal. Each comes in a problem that says what to do; errors.Is tells them apart.
var (
	// ErrDamaged: the bytes are not those of their digest.
	ErrDamaged = errors.New("the bytes are not those of the digest")
	// ErrNoCatalogue: there is an artefact, but it is no catalogue, or one that cannot be taken.
	ErrNoCatalogue = errors.New("it is no catalogue")
	// ErrUnsigned: a signature was asked for, and there is none.
	ErrUnsigned = errors.New("it is not signed")
	// ErrOtherKey: there are signatures, but none by a key that was asked for.
	ErrOtherKey = errors.New("it is signed with another key")
	// ErrSignature: a signature names a key that was asked for, and is not of this digest by that key.
	ErrSignature = errors.New("its signature is wrong")
	// ErrTagTaken: the tag is that of another catalogue.
	ErrTagTaken = errors.New("the tag is taken")
)

// ExitRefused is the exit code when what came from a registry is refused: damaged, unsigned, or signed by somebody else.
const ExitRefused = 10

// source is where artefacts are read from, target where they are written to: a registry or a layout.
type (
	source interface {
		content.ReadOnlyGraphStorage
		content.Resolver
	}
	target interface {
		content.GraphStorage
		content.TagResolver
	}
)

// openSource opens where an artefact is read from, and says which one that is. A registry is not asked yet.
func openSource(ctx context.Context, r reference, o Options) (source, reference, error) {
	if r.layout == "" {
		if r.version() == "" {
			return nil, r, unversioned(r)
		}
		from, err := repository(r, o)
		return from, r, err
	}
	from, err := oci.NewFromFS(ctx, os.DirFS(r.layout))
	if err != nil {
		return nil, r, r.explain(err)
	}
	if r.version() == "" { // most layouts have one artefact
		tags, err := registry.Tags(ctx, from)
		if err != nil {
			return nil, r, r.explain(err)
		}
		if len(tags) != 1 {
			return nil, r, unversioned(r, tags...)
		}
		r.tag = tags[0]
	}
	return from, r, nil
}

func unversioned(r reference, tags ...string) error {
	p := &problem.Problem{What: "it is not said which version of the catalogue is meant", Where: r.String(), Next: "add the tag, such as " + r.String() + ":1.0.0"}
	if len(tags) > 0 {
		p.Next = "add one of the tags " + strings.Join(tags, ", ") + ", such as " + r.String() + ":" + tags[len(tags)-1]
	}
	return p
}

// openTarget opens where an artefact is written to. The folder of a layout is made.
func openTarget(ctx context.Context, r reference, o Options) (target, error) {
	if r.digest != "" {
		return nil, &problem.Problem{What: "a digest cannot be written to", Where: r.String(), Why: "it follows from the content", Next: "name a tag"}
	}
	if r.layout == "" {
		return repository(r, o)
	}
	if entries, err := os.ReadDir(r.layout); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(r.layout, ocispec.ImageLayoutFile)); err != nil {
			return nil, &problem.Problem{What: "the folder holds something other than an OCI layout", Where: r.layout, Next: "name a new folder, or one that fairway catalogue pack made"}
		}
	}
	s, err := oci.NewWithContext(ctx, r.layout)
	if err != nil {
		return nil, r.explain(err)
	}
	return s, nil
}

func repository(r reference, o Options) (*remote.Repository, error) {
	// The Docker configuration is where docker, helm, oras and crane keep credentials, too.
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, &problem.Problem{What: "cannot read the credentials", Where: "the Docker configuration", Why: err.Error(), Next: "correct the file, or name another folder in DOCKER_CONFIG", Err: err}
	}
	host, _, err := net.SplitHostPort(r.registry.Registry)
	if err != nil {
		host = r.registry.Registry
	}
	ip := net.ParseIP(host)
	return &remote.Repository{
		Reference: r.registry,
		PlainHTTP: o.PlainHTTP || host == "localhost" || ip != nil && ip.IsLoopback(),
		Client:    &auth.Client{Client: retry.NewClient(), Cache: auth.NewCache(), Credential: credentials.Credential(store)},
		// Whoever can write to a registry can write many referrers, and make a list without an end.
		ReferrerListMaxPages: 16,
		// Many registries cannot delete; what is left behind is a list of a few hundred bytes.
		SkipReferrersGC: true,
	}, nil
}

// fetchManifest reads the manifest to which a tag or digest leads: from a registry in one request, which a tag that moves meanwhile cannot tear.
func fetchManifest(ctx context.Context, from source, version string) ([]byte, error) {
	if r, ok := from.(registry.ReferenceFetcher); ok {
		desc, body, err := r.FetchReference(ctx, version)
		if err != nil {
			return nil, err
		}
		defer body.Close()
		return fetch(ctx, content.FetcherFunc(func(context.Context, ocispec.Descriptor) (io.ReadCloser, error) { return body, nil }), desc, maxManifest)
	}
	desc, err := from.Resolve(ctx, version)
	if err != nil {
		return nil, err
	}
	return fetch(ctx, from, desc, maxManifest)
}

// fetch reads the content of a descriptor, which has to fit it.
func fetch(ctx context.Context, from content.Fetcher, desc ocispec.Descriptor, most int64) ([]byte, error) {
	if err := desc.Digest.Validate(); err != nil || desc.Digest.Algorithm() != digest.SHA256 {
		return nil, fmt.Errorf("%w: %q is no SHA-256", ErrNoCatalogue, desc.Digest)
	}
	if desc.Size < 0 || desc.Size > most {
		return nil, fmt.Errorf("%w: a part of it has %d bytes, and no more than %d are taken", ErrNoCatalogue, desc.Size, most)
	}
	return content.FetchAll(ctx, from, desc)
}

// explain turns what an adapter below says into a problem.
func (r reference) explain(err error) error {
	if _, ok := errors.AsType[*problem.Problem](err); ok || err == nil {
		return err
	}
	p := &problem.Problem{What: "cannot reach the catalogue", Where: r.String(), Why: plain(err), Next: "check the name of the registry and the network, and try again", Exit: problem.ExitIncomplete, Err: err}
	answer, _ := errors.AsType[*errcode.ErrorResponse](err)
	_, isJSON := errors.AsType[*json.SyntaxError](err)
	switch {
	case errors.Is(err, context.Canceled):
		p.What, p.Why, p.Next = "stopped", "", "run the command again"
	case errors.Is(err, context.DeadlineExceeded):
		p.What, p.Why, p.Next = "the registry did not answer in time", "", "try again, with a longer --timeout if the line is slow"
	case errors.Is(err, ErrNoCatalogue), errors.Is(err, errdef.ErrSizeExceedsLimit):
		p.What, p.Next, p.Exit = "what is there cannot be taken for a catalogue", "name an artefact that fairway catalogue push or pack made", ExitRefused
	case errors.Is(err, content.ErrMismatchedDigest), errors.Is(err, content.ErrTrailingData), errors.Is(err, content.ErrInvalidDescriptorSize), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, ErrDamaged), isJSON, unfit(err):
		p.What, p.Exit = "the catalogue is damaged: what came is not what its digest says", ExitRefused
		p.Next = "try again; if it stays so, push the catalogue again and find out who changed it"
		p.Err = fmt.Errorf("%w: %w", ErrDamaged, err)
	case errors.Is(err, errdef.ErrNotFound):
		p.What, p.Why, p.Next = "there is no such catalogue", "", "check the repository and the tag or digest"
	case errors.Is(err, fs.ErrNotExist) && r.layout != "":
		p.What, p.Next = "there is no OCI layout", "name a folder that fairway catalogue pack made"
	case r.layout != "":
		p.What, p.Next = "cannot use the OCI layout", "name a folder that fairway catalogue pack made, and can be read and written"
	case errors.Is(err, http.ErrSchemeMismatch):
		p.Next = "add --plain-http if the registry is meant to speak HTTP"
	case errors.Is(err, auth.ErrBasicCredentialNotFound), answer != nil && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden):
		p.What, p.Next = "the registry does not let you in", "docker login "+r.registry.Host()+", with an account that may do this"
	case answer != nil:
		p.What, p.Next = "the registry refuses", "try again later, or ask who runs it"
	}
	return p
}

// unfit reports whether oras-go says that the headers of an answer are not those of what was asked for; it has no type for that error.
func unfit(err error) bool {
	text := err.Error()
	return strings.Contains(text, "digest mismatch in") || strings.Contains(text, "mismatch Content-Length")
}

// plain is what an error says without the request that it came from.
func plain(err error) string {
	if e, ok := errors.AsType[*errcode.ErrorResponse](err); ok {
		if len(e.Errors) > 0 {
			return fmt.Sprintf("%s (%d)", e.Errors.Error(), e.StatusCode)
		}
		return fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	}
	if e, ok := errors.AsType[net.Error](err); ok {
		if inner := errors.Unwrap(e.(error)); inner != nil {
			return inner.Error()
		}
	}
	return problem.Plain(err)
}
