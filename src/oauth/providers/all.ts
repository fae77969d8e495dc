import type { Provider } from '../../domain/apps/provider.ts';
import { atlassian } from './atlassian.ts';
import { bitbucket } from './bitbucket.ts';
import { discord } from './discord.ts';
import { dropbox } from './dropbox.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { linear } from './linear.ts';
import { microsoft } from './microsoft.ts';
import { notion } from './notion.ts';
import { slack } from './slack.ts';
import { spotify } from './spotify.ts';
import { zoom } from './zoom.ts';

/** The built-in providers. A new one is a file beside this and a line here. */
export const PROVIDERS: readonly Provider[] = [
  atlassian,
  bitbucket,
  discord,
  dropbox,
  github,
  gitlab,
  google,
  linear,
  microsoft,
  notion,
  slack,
  spotify,
  zoom,
];
