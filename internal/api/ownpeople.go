package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/people"
)

// People names the users of records.
type People interface {
	List() []catalog.Person
	Import(ctx context.Context, text []byte) (people.Report, error)
	Refresh(ctx context.Context) (people.Report, error)
	Backfill(ctx context.Context) (people.Report, error)
}

type personModel struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Display string     `json:"displayName,omitempty"`
	Active  bool       `json:"active"`
	Origin  string     `json:"origin"`
	Since   *time.Time `json:"since"`
}

type peopleReportModel struct {
	Seen    int `json:"seen"`
	Changed int `json:"changed"`
	Absent  int `json:"absent"`
}

func (s *Server) ownPeople(c *call) (*response, error) {
	if s.People == nil {
		return nil, noPeople()
	}
	return answer(collection(mapped(s.People.List(), func(p catalog.Person) personModel {
		return personModel{ID: p.ID, Name: p.Name, Display: p.Display, Active: p.Active, Origin: p.Origin, Since: stamp(p.Since)}
	}))), nil
}

func (s *Server) ownPeopleImport(c *call) (*response, error) {
	if s.People == nil {
		return nil, noPeople()
	}
	text, done, err := s.csvBody(c)
	if err != nil {
		return nil, err
	}
	defer done()
	return peopleReport(s.People.Import(c.r.Context(), text))
}

func (s *Server) ownPeopleRefresh(c *call) (*response, error) {
	if s.People == nil {
		return nil, noPeople()
	}
	return peopleReport(s.People.Refresh(c.r.Context()))
}

func (s *Server) ownPeopleBackfill(c *call) (*response, error) {
	if s.People == nil {
		return nil, noPeople()
	}
	return peopleReport(s.People.Backfill(c.r.Context()))
}

// peopleReport answers what was done. Trouble with an identity domain is told as
// the domain said it, with its hint: nobody else can act on it.
func peopleReport(r people.Report, err error) (*response, error) {
	switch {
	case err == nil:
		return answer(peopleReportModel(r)), nil
	case errors.Is(err, people.ErrNoDomain):
		return nil, noPeople()
	case asError(err).Status == http.StatusInternalServerError:
		return nil, unavailable(err.Error(), err)
	}
	return nil, err
}

func noPeople() error {
	return &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: people.ErrNoDomain.Error()}
}
