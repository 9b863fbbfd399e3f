import { Application } from '../components/application/application';
import { readSettings } from './settings/read-settings';

const settings = readSettings();

const applications = Object.entries(settings.applications).map(
  ([name, args]) => [name, new Application(name, args)] as const,
);

/** The image that each application runs. */
export const images = Object.fromEntries(applications.map(([name, application]) => [name, application.image]));
