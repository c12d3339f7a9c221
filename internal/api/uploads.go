package api

import (
	"time"

	"ledgerline/internal/catalog"
)

type uploadModel struct {
	Reference            string     `json:"reference"`
	Name                 string     `json:"name"`
	TimeCreated          *time.Time `json:"timeCreated"`
	TimeUpdated          *time.Time `json:"timeUpdated,omitempty"`
	TimeEarliestLogEntry *time.Time `json:"timeEarliestLogEntry,omitempty"`
	TimeLatestLogEntry   *time.Time `json:"timeLatestLogEntry,omitempty"`
	WarningsCount        int64      `json:"warningsCount"`
}

func uploadModelOf(u catalog.Upload) uploadModel {
	return uploadModel{Reference: u.Reference, Name: u.Name, TimeCreated: stamp(u.Created), TimeUpdated: stamp(u.Updated),
		TimeEarliestLogEntry: stamp(u.Earliest), TimeLatestLogEntry: stamp(u.Latest), WarningsCount: u.Warnings}
}

type uploadFileModel struct {
	Reference      string     `json:"reference"`
	Name           string     `json:"name"`
	Status         string     `json:"status"`
	TotalChunks    float64    `json:"totalChunks"`
	ChunksConsumed float64    `json:"chunksConsumed"`
	ChunksSuccess  float64    `json:"chunksSuccess"`
	ChunksFail     float64    `json:"chunksFail"`
	TimeStarted    *time.Time `json:"timeStarted"`
	SourceName     string     `json:"sourceName"`
	EntityName     string     `json:"entityName,omitempty"`
	LogNamespace   string     `json:"logNamespace"`
	LogGroupID     string     `json:"logGroupId"`
	LogGroupName   string     `json:"logGroupName,omitempty"`
	FailureDetails string     `json:"failureDetails,omitempty"`

	// Not Oracle's: clients ignore members they do not know.
	Records       int64      `json:"records"`
	Bytes         int64      `json:"bytes"`
	Warnings      int64      `json:"warnings"`
	TimeCompleted *time.Time `json:"timeCompleted,omitempty"`
}

type uploadWarningModel struct {
	Reference    string     `json:"reference"`
	Status       string     `json:"status"`
	TimeStarted  *time.Time `json:"timeStarted"`
	ErrorMessage string     `json:"errorMessage"`

	FileReference string `json:"fileReference"`
	FileName      string `json:"fileName"`
	Count         int64  `json:"count"`
	Example       string `json:"example,omitempty"`
}

func (s *Server) listUploads(c *call) (*response, error) {
	p, err := c.page("timeUpdated")
	if err != nil {
		return nil, err
	}
	var f catalog.UploadFilter
	var warnings string
	if err := c.params(map[string]*string{"name": &f.Name, "nameContains": &f.NameContains, "warningsFilter": &warnings}); err != nil {
		return nil, err
	}
	switch with := warnings == "WITH_WARNINGS"; warnings {
	case "", "ALL":
	case "WITH_WARNINGS", "WITHOUT_WARNINGS":
		f.Warnings = &with
	default:
		return nil, invalid("warningsFilter must be WITH_WARNINGS, WITHOUT_WARNINGS or ALL")
	}
	if f.Groups, err = s.Catalog.Groups(c.r.Context(), c.who.rights, catalog.Read); err != nil {
		return nil, err
	}
	list, next, total, err := s.Catalog.Uploads(c.r.Context(), f, p)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(list, uploadModelOf))).with("opc-next-page", c.next(next)).with("opc-total-items", itoa(total)), nil
}

// visibleUpload is the upload of the path as those of its files make it that the caller
// may read, and the log groups that it may read; nil: all.
func (s *Server) visibleUpload(c *call) (u catalog.Upload, groups []string, err error) {
	if groups, err = s.Catalog.Groups(c.r.Context(), c.who.rights, catalog.Read); err != nil {
		return u, nil, err
	}
	u, err = s.Catalog.Upload(c.r.Context(), c.path["uploadReference"], groups)
	return u, groups, err
}

func (s *Server) getUpload(c *call) (*response, error) {
	u, _, err := s.visibleUpload(c)
	if err != nil {
		return nil, err
	}
	return answer(uploadModelOf(u)).with("etag", uploadEtag(u)), nil
}

// uploadEtag is made of the three things that a client may see change.
func uploadEtag(u catalog.Upload) string {
	return itoa(u.Updated.UnixMilli()) + "-" + itoa(u.Latest.UnixMilli()) + "-" + itoa(u.Warnings)
}

func (s *Server) listUploadFiles(c *call) (*response, error) {
	p, err := c.page("timeStarted")
	if err != nil {
		return nil, err
	}
	switch p.Sort { // deprecated keys, still accepted
	case "timeCreated":
		p.Sort = "timeStarted"
	case "fileName":
		p.Sort = "name"
	case "logGroup":
		p.Sort = "logGroupName"
	}
	upload, readable, err := s.visibleUpload(c)
	if err != nil {
		return nil, err
	}
	f := catalog.FileFilter{Upload: upload.Reference, Groups: readable}
	if f.Search, err = c.param("searchStr"); err != nil {
		return nil, err
	}
	for _, v := range c.query["status"] {
		switch st := catalog.FileStatus(v); st {
		case catalog.InProgress, catalog.Successful, catalog.Failed:
			f.Statuses = append(f.Statuses, st)
		default:
			return nil, invalid("status must be IN_PROGRESS, SUCCESSFUL or FAILED")
		}
	}
	if len(f.Statuses) > 3 {
		return nil, invalid("status is given too often")
	}
	files, next, err := s.Catalog.Files(c.r.Context(), f, p)
	if err != nil {
		return nil, err
	}
	groups := map[string]string{}
	list := mapped(files, func(f catalog.File) uploadFileModel {
		name, asked := groups[f.LogGroup]
		if !asked {
			if g, err := s.Catalog.LogGroup(c.r.Context(), f.LogGroup); err == nil { // a deleted group has no name
				name = g.Name
			}
			groups[f.LogGroup] = name
		}
		return s.uploadFileOf(f, name)
	})
	return answer(collection(list)).with("opc-next-page", c.next(next)), nil
}

func (s *Server) uploadFileOf(f catalog.File, group string) uploadFileModel {
	m := uploadFileModel{Reference: f.Reference, Name: f.Name, Status: string(f.Status), TotalChunks: 1, TimeStarted: stamp(f.Received),
		SourceName: f.Source, EntityName: f.Entity, LogNamespace: s.opts.Namespace, LogGroupID: f.LogGroup, LogGroupName: group,
		FailureDetails: f.Failure, Records: f.Rows, Bytes: f.Bytes, Warnings: f.WarningCount, TimeCompleted: stamp(f.Finished)}
	if source, ok := s.Library.Source(f.Source); ok {
		m.SourceName = source.Display
	}
	switch f.Status {
	case catalog.Successful:
		m.ChunksConsumed, m.ChunksSuccess = 1, 1
	case catalog.Failed:
		m.ChunksConsumed, m.ChunksFail = 1, 1
	}
	return m
}

func (s *Server) listUploadWarnings(c *call) (*response, error) {
	p, err := c.page("")
	if err != nil {
		return nil, err
	}
	upload, readable, err := s.visibleUpload(c)
	if err != nil {
		return nil, err
	}
	warnings, next, err := s.Catalog.Warnings(c.r.Context(), upload.Reference, readable, p)
	if err != nil {
		return nil, err
	}
	list := mapped(warnings, func(w catalog.FileWarning) uploadWarningModel {
		return uploadWarningModel{Reference: w.Reference, Status: w.Code, TimeStarted: stamp(w.At), ErrorMessage: w.FileName + ": " + w.Message,
			FileReference: w.File, FileName: w.FileName, Count: w.Count, Example: w.Example}
	})
	return answer(collection(list)).with("opc-next-page", c.next(next)), nil
}
