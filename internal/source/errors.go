package source

import "fmt"

// Reason says why a change was refused.
type Reason uint8

// The reasons for a ChangeError.
const (
	// NotFound: the path leads to nothing, and nothing can be made there (an item that does not exist).
	NotFound Reason = iota
	// WrongKind: a step of the path enters what is neither mapping nor list, or the wrong one of them.
	WrongKind
	// DuplicateKey: the key stands several times in its mapping, so that taking one away would bring back another. See Dedupe.
	DuplicateKey
	// KeyExists: the mapping already has the new name.
	KeyExists
	// Unwritable: the value or key cannot be written at that place.
	Unwritable
	// Unreadable: the document was refused when it was read, or the node is not of this file.
	Unreadable
)

// ChangeError says that a change cannot be made. Nothing was changed.
type ChangeError struct {
	// Index is the change's place among those given to Apply.
	Index int
	// Path is the change's path.
	Path   Path
	Reason Reason
	// Position is where the path stops in the file, as it was before all changes.
	Position
	// Message is in lower case, without final stop.
	Message string
}

func (e *ChangeError) Error() string { return at(e.Path, e.Position) + e.Message }

// SharedError says that a change would alter other places of the document as well, because it lies in a part that is anchored
// (&name) and used by aliases (*name) or merge keys (<<), or leads through one of those. Nothing was changed.
type SharedError struct {
	// Index is the change's place among those given to Apply.
	Index int
	// Path is the change's path.
	Path Path
	// Anchor is the name without &; empty when the part is a mapping written in place below a merge key.
	Anchor string
	// Position is where the anchored node stands in the file, as it was before all changes.
	Position
}

func (e *SharedError) Error() string {
	if e.Anchor == "" {
		return at(e.Path, e.Position) + "the field comes from a merge key (<<)"
	}
	return at(e.Path, e.Position) + fmt.Sprintf("the place is shared through the anchor &%s, a change would alter its other users", e.Anchor)
}

func at(p Path, pos Position) string {
	s := p.String()
	if s == "" {
		s = "the document"
	}
	return fmt.Sprintf("%s (line %d): ", s, pos.Line)
}

// ProofError says that the independent reader does not confirm a result: it does not read as the old text with just the changes
// made. The result was thrown away; it is a defect of this package, or of the independent reader.
type ProofError struct {
	// Path is the first place, from the top of the document, where the two differ; empty for the whole document.
	Path string
	// Message says what was expected and found, in lower case, without final stop.
	Message string
	// Old is true when already the text before the changes cannot be read by the independent reader.
	Old bool
}

func (e *ProofError) Error() string {
	if e.Path == "" {
		return "the changed text could not be proved: " + e.Message
	}
	return "the changed text could not be proved at " + e.Path + ": " + e.Message
}
