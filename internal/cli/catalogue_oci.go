package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/oci"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
)

// registryFlags are the flags of the verbs that move catalogues.
type registryFlags struct {
	output     choice
	publicKeys []string
	plainHTTP  bool
	timeout    time.Duration
}

func (f *registryFlags) add(cmd *cobra.Command) {
	f.addOutput(cmd)
	cmd.Flags().BoolVar(&f.plainHTTP, "plain-http", false, "speak HTTP to the registry (one on localhost is always spoken to so)")
	cmd.Flags().DurationVar(&f.timeout, "timeout", oci.DefaultTimeout, "how long the registry may take altogether")
}

func (f *registryFlags) addOutput(cmd *cobra.Command) {
	f.output = choice{value: "text", choices: []string{"text", "json"}}
	choiceFlag(cmd, &f.output, "output", "", "how to show it")
}

func (f *registryFlags) addPublicKey(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.publicKeys, "public-key", nil, "take only what one of these keys has signed (default: catalogueKey of "+OrganisationFile+")")
	_ = cmd.MarkFlagFilename("public-key", "pem")
}

// options reads what the flags name.
func (f *registryFlags) options() (oci.Options, error) {
	o := oci.Options{PlainHTTP: f.plainHTTP, Timeout: f.timeout}
	if f.timeout <= 0 {
		return o, &problem.Problem{What: "the time must be longer than nothing", Where: "--timeout", Next: "name a time such as 2m"}
	}
	var err error
	if len(f.publicKeys) > 0 {
		o.PublicKeys, err = readKeys(f.publicKeys)
		return o, err
	}
	org, err := organisationFile(".", "")
	if err == nil && org != nil {
		o.PublicKeys, err = organisationKeys(org)
	}
	return o, err
}

func readKeys(names []string) (keys []oci.PublicKey, err error) {
	for _, name := range names {
		k, err := oci.ReadPublicKey(name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// organisationKeys are the keys of catalogueKey in an organisation's file: the name of one file, or of several while one takes the place of
// another, each relative to the organisation's file.
func organisationKeys(org *source.File) ([]oci.PublicKey, error) {
	if err := noYAML("the organisation's file", org); err != nil { // a key that cannot be read must not mean that everything is taken
		return nil, err
	}
	n := org.Docs[0].Root.Resolve().Get("catalogueKey")
	if n.IsZero() {
		return nil, nil
	}
	named := []source.Node{n}
	if n = n.Resolve(); n.Kind() == source.Sequence {
		named = nil
		for _, item := range n.Items() {
			named = append(named, item.Resolve())
		}
	}
	var names []string
	for _, x := range named {
		name := filepath.FromSlash(x.Text())
		if name != "" && !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(filepath.FromSlash(org.Name)), name)
		}
		names = append(names, name)
	}
	if len(names) == 0 || slices.Contains(names, "") {
		return nil, &problem.Problem{What: "catalogueKey names no file", Where: fmt.Sprintf("%s:%d", org.Name, n.Position().Line), Next: "name the file of a public key, or take the line out"}
	}
	return readKeys(names)
}

// catalogueAnswer is the JSON form of a catalogue that was read or written.
type catalogueAnswer struct {
	SchemaVersion int        `json:"schemaVersion"`
	Reference     string     `json:"reference,omitempty"` // with the tag
	Pinned        string     `json:"pinned"`              // with the digest
	Digest        string     `json:"digest"`
	Title         string     `json:"title"`
	Version       string     `json:"version,omitempty"`
	Files         int        `json:"files"`
	Bytes         int64      `json:"bytes"`
	SignedBy      *signedKey `json:"signedBy,omitempty"`
}

type signedKey struct {
	ID   string `json:"id"`
	File string `json:"file"`
}

// show gives the reference with the digest as the answer, as that is what is pinned, and tells the rest beside it.
func (f *registryFlags) show(e Env, r *oci.Result, did string) error {
	var by *signedKey
	if r.SignedBy != nil {
		by = &signedKey{r.SignedBy.ID(), filepath.ToSlash(r.SignedBy.Name)}
	}
	if f.output.value == "json" {
		return writeJSON(e.Stdout, catalogueAnswer{1, r.Reference, r.Pinned, r.Digest(), r.Title, r.Version, r.Files(), r.Size(), by})
	}
	if _, err := fmt.Fprintln(e.Stdout, report.Clean(r.Pinned)); err != nil {
		return err
	}
	text := fmt.Sprintf("fairway: %s: %s", did, r.Title)
	if r.Version != "" {
		text += " " + r.Version
	}
	text += fmt.Sprintf(", %s, %s kB", report.Count(r.Files(), "file", "files"), report.Thousands(int(r.Size()+999)/1000))
	if by != nil {
		text += fmt.Sprintf(", signed by %s (%.19s)", by.File, by.ID)
	}
	_, err := fmt.Fprintln(e.Stderr, report.Clean(text))
	return err
}

// completeReference offers the beginnings of references.
func completeReference(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"oci://", "oci-layout:"}, cobra.ShellCompDirectiveNoSpace
}

const exitCodes = "\n\nExit codes: 0 good, 2 wrong usage, 3 the registry cannot be reached or used, 10 what is there is refused: damaged, unsigned, or signed with another key."

func newCataloguePack(e Env) *cobra.Command {
	f := &registryFlags{}
	var out string
	force := false
	cmd := &cobra.Command{
		Use:   "pack [DIR]",
		Short: "make one artefact of a catalogue, in a folder",
		Long: "Pack writes a catalogue as one OCI artefact to the folder of an OCI image layout, to be carried to where no registry is reached, or pushed from there. The same\n" +
			"files make the same digest on every machine; hidden files at the top of the folder are left out. The tag is the newest version of the changelog unless another\n" +
			"one is named.",
		Example: "  fairway catalogue pack catalogue-shop --out layout\n  fairway catalogue pack --out layout:next",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "the folder of the layout, with :TAG for a tag of your own (required)")
	cmd.Flags().BoolVar(&force, "force", false, "move the tag of a version that is there with another content")
	f.addOutput(cmd)
	_ = cmd.MarkFlagDirname("out")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if out == "" {
			return &problem.Problem{What: "it is not said where the artefact goes", Next: "name the folder of a layout with --out"}
		}
		dir := cmp.Or(strings.Join(args, ""), ".")
		a, err := oci.Pack(os.DirFS(dir), dir)
		if err != nil {
			return err
		}
		r, err := oci.Push(cmd.Context(), a, "oci-layout:"+strings.TrimPrefix(out, "oci-layout:"), nil, force, oci.Options{})
		if err != nil {
			return err
		}
		return f.show(e, r, "packed")
	}
	return cmd
}

func newCataloguePush(e Env) *cobra.Command {
	f := &registryFlags{}
	key, force := "", false
	cmd := &cobra.Command{
		Use:   "push SOURCE TARGET",
		Short: "bring a catalogue to a registry, and sign it",
		Long: "Push writes a catalogue to a registry, oci://HOST/REPOSITORY:TAG, or to the folder of a layout, oci-layout:FOLDER:TAG. The source is the folder of a catalogue, or a\n" +
			"layout or a registry to copy from with all signatures. Without a tag it is the newest version of the changelog, or the tag of the source.\n\n" +
			"With --key the digest is signed; teams that have the public key take nothing else then. A version that is there with another content is not replaced. Credentials\n" +
			"are those of docker login." + exitCodes,
		Example: "  fairway catalogue push catalogue-shop oci://registry.example.com/platform/catalogue --key shop.pem\n" +
			"  fairway catalogue push layout:2.0.0 oci://registry.example.com/platform/catalogue\n" +
			"  fairway catalogue push oci://registry.example.com/platform/catalogue:2.0.0 oci-layout:layout",
		Args: exactArgs(2, "a source and a target"),
		ValidArgsFunction: func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 && !strings.HasPrefix(word, "oci") {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return completeReference(c, args, word)
		},
	}
	f.add(cmd)
	f.addPublicKey(cmd)
	cmd.Flags().StringVar(&key, "key", "", "sign with the private key in this file")
	cmd.Flags().BoolVar(&force, "force", false, "move the tag of a version that is there with another content")
	_ = cmd.MarkFlagFilename("key", "pem")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var private *oci.PrivateKey
		if key != "" {
			var err error
			if private, err = oci.ReadPrivateKey(key); err != nil {
				return err
			}
		}
		o, err := f.options()
		if err != nil {
			return err
		}
		from, did := layoutOr(args[0]), "copied"
		push := func() (*oci.Result, error) { return oci.Copy(cmd.Context(), from, args[1], private, force, o) }
		if !oci.IsReference(from) {
			a, err := oci.Pack(os.DirFS(from), from)
			if err != nil {
				return err
			}
			did = "pushed"
			push = func() (*oci.Result, error) { return oci.Push(cmd.Context(), a, args[1], private, force, o) }
		}
		done := e.wait("writing to " + args[1])
		r, err := push()
		done()
		if err != nil {
			return err
		}
		return f.show(e, r, did)
	}
	return cmd
}

// layoutOr makes a reference of the folder of a layout, with or without a tag. Everything else stays as it is.
func layoutOr(text string) string {
	folder := text
	for range 2 {
		if _, err := os.Stat(filepath.Join(folder, "oci-layout")); err == nil && !oci.IsReference(text) {
			return "oci-layout:" + text
		}
		folder = text[:max(0, strings.LastIndexByte(text, ':'))]
		if folder == "" {
			break
		}
	}
	return text
}

func newCataloguePull(e Env) *cobra.Command {
	f := &registryFlags{}
	out, force := "", false
	cmd := &cobra.Command{
		Use:   "pull REFERENCE",
		Short: "write a catalogue from a registry to a folder",
		Long: "Pull reads a catalogue from a registry or a layout and writes it to a folder, whole or not at all. What is damaged is refused, and so is what is not signed by\n" +
			"one of your public keys if you name some." + exitCodes,
		Example: "  fairway catalogue pull oci://registry.example.com/platform/catalogue:2.0.0 --out catalogue-shop\n" +
			"  fairway catalogue pull oci-layout:layout:2.0.0 --out catalogue-shop --public-key shop.pub.pem",
		Args:              exactArgs(1, "a reference, such as oci://registry.example.com/platform/catalogue:2.0.0"),
		ValidArgsFunction: completeReference,
	}
	f.add(cmd)
	f.addPublicKey(cmd)
	cmd.Flags().StringVarP(&out, "out", "o", "", "the folder to write (required)")
	cmd.Flags().BoolVar(&force, "force", false, "replace the catalogue that is in the folder")
	_ = cmd.MarkFlagDirname("out")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if out == "" {
			return &problem.Problem{What: "it is not said where the catalogue goes", Next: "name a folder with --out"}
		}
		return f.read(e, "pulled to "+filepath.ToSlash(out), args[0], func(ref string, o oci.Options) (*oci.Result, error) {
			return oci.Pull(cmd.Context(), ref, out, force, o)
		})
	}
	return cmd
}

// read reads a catalogue and shows what it is.
func (f *registryFlags) read(e Env, did, ref string, read func(string, oci.Options) (*oci.Result, error)) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	ref = layoutOr(ref)
	done := e.wait("reading " + ref)
	r, err := read(ref, o)
	done()
	if err != nil {
		return err
	}
	return f.show(e, r, did)
}

func newCatalogueVerify(e Env) *cobra.Command {
	f := &registryFlags{}
	cmd := &cobra.Command{
		Use:   "verify REFERENCE",
		Short: "check that a catalogue is whole and who signed it",
		Long: "Verify reads a catalogue as pull does and writes nothing: each byte is held against its digest, and the digest has to be signed by one of your public keys. Verify\n" +
			"says who signed it, not whether it is the newest: a digest in place of the tag says that." + exitCodes,
		Example:           "  fairway catalogue verify oci://registry.example.com/platform/catalogue:2.0.0 --public-key shop.pub.pem",
		Args:              exactArgs(1, "a reference, such as oci://registry.example.com/platform/catalogue:2.0.0"),
		ValidArgsFunction: completeReference,
	}
	f.add(cmd)
	f.addPublicKey(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.read(e, "verified", args[0], func(ref string, o oci.Options) (*oci.Result, error) {
			if len(o.PublicKeys) == 0 { // a check that checks less than its name says would pass in CI for years
				return nil, &problem.Problem{What: "there is no key to verify with", Next: "name one with --public-key, or as catalogueKey in " + OrganisationFile}
			}
			return oci.Verify(cmd.Context(), ref, o)
		})
	}
	return cmd
}

func newCatalogueKeygen(e Env) *cobra.Command {
	name := ""
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "make a key to sign catalogues with",
		Long: "Keygen makes an Ed25519 key: NAME.pem, with which the platform team signs (fairway catalogue push --key), and NAME.pub.pem, with which teams verify. A key that is there\n" +
			"is never written over. Keys of ECDSA on the curve P-256 serve as well, as PKCS#8 PEM without a passphrase.",
		Example: "  fairway catalogue keygen --out shop",
		Args:    noArgs,
	}
	cmd.Flags().StringVarP(&name, "out", "o", "", "the name of the two files without .pem (required)")
	cmd.RunE = func(*cobra.Command, []string) error {
		if name == "" {
			return &problem.Problem{What: "the key has no name", Next: "name it with --out"}
		}
		k, err := oci.GenerateKey(name)
		if err != nil {
			return err
		}
		shown := filepath.ToSlash(name)
		if _, err := fmt.Fprintf(e.Stdout, "%s.pem\n%[1]s.pub.pem\n", report.Clean(shown)); err != nil {
			return err
		}
		fmt.Fprintf(e.Stderr, "fairway: made the key %s\n  next: keep %s.pem secret, and give teams %[2]s.pub.pem: catalogueKey in %s names it\n", k.ID(), report.Clean(shown), OrganisationFile)
		return nil
	}
	return cmd
}
